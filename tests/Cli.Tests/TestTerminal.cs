using Minka.Cli.Screen;

namespace Minka.Cli.Tests;

/// <summary>A terminal made of strings.</summary>
internal sealed class TestTerminal : IDisposable
{
    private readonly Shown _out = new();
    private readonly Shown _error = new();

    public TestTerminal(string input = "", bool isTyped = false) => Terminal = new Terminal
    {
        In = new StringReader(input),
        Out = _out.Writer,
        Error = _error.Writer,
        IsInputTyped = isTyped,
        IsOutputSeen = isTyped,
        Interrupts = new Interrupts(),
    };

    public Terminal Terminal { get; }

    /// <summary>What a pipe would have got.</summary>
    public string Out => _out.Text;

    /// <summary>What stood on the error stream.</summary>
    public string Error => _error.Text;

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

    /// <summary>May be read while it is written.</summary>
    private sealed class Shown : IDisposable
    {
        private readonly StringWriter _text = new();

        public Shown() => Writer = TextWriter.Synchronized(_text);

        public TextWriter Writer { get; }

        public string Text
        {
            // What it locks itself.
            get { lock (Writer) return _text.ToString(); }
        }

        public void Dispose() => _text.Dispose();
    }
}
