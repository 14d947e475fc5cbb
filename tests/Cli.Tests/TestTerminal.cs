using Minka.Cli.Screen;

namespace Minka.Cli.Tests;

/// <summary>A terminal made of strings.</summary>
internal sealed class TestTerminal : IDisposable
{
    private readonly StringWriter _out = new();
    private readonly StringWriter _error = new();

    public TestTerminal(string input = "", bool isTyped = false) => Terminal = new Terminal
    {
        In = new StringReader(input),
        Out = _out,
        Error = _error,
        IsInputTyped = isTyped,
        IsOutputSeen = isTyped,
        Interrupts = new Interrupts(),
    };

    public Terminal Terminal { get; }

    /// <summary>What a pipe would have got.</summary>
    public string Out => _out.ToString();

    /// <summary>What stood on the error stream.</summary>
    public string Error => _error.ToString();

    public void Dispose()
    {
        _out.Dispose();
        _error.Dispose();
        Terminal.Dispose();
    }

    /// <summary>Runs one command line as the program does.</summary>
    public static async Task<(int Code, string Out, string Error)> MinkaAsync(string[] args, string input = "")
    {
        var terminal = new TestTerminal(input);
        var code = await Door.OpenAsync(args, terminal.Terminal);
        return (code, terminal.Out, terminal.Error);
    }
}
