using System.Text;

namespace Minka.Cli;

/// <summary>Where a verb reads and writes: this process's streams, or strings in a test.</summary>
internal sealed class Terminal
{
    /// <summary>What is typed or piped in.</summary>
    public required TextReader In { get; init; }

    /// <summary>Answers: what a pipe should get and nothing else.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Errors, progress, statistics.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>A person types the input.</summary>
    public bool IsInputTyped { get; init; }

    /// <summary>A person reads the output on a screen.</summary>
    public bool IsOutputSeen { get; init; }

    /// <summary>A person reads the errors on a screen.</summary>
    public bool IsErrorSeen { get; init; }

    /// <summary>Colours are wanted: on a screen, and <c>NO_COLOR</c> and <c>TERM=dumb</c> are not set.</summary>
    public bool WantsColours { get; init; }

    /// <summary>The terminal of this process. Output is UTF-8 without a mark, and a write goes out at once.</summary>
    public static Terminal OfThisProcess()
    {
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        return new Terminal
        {
            In = Console.IsInputRedirected ? new StreamReader(Console.OpenStandardInput(), utf8) : Console.In,
            Out = new StreamWriter(Console.OpenStandardOutput(), utf8) { AutoFlush = true },
            Error = new StreamWriter(Console.OpenStandardError(), utf8) { AutoFlush = true },
            IsInputTyped = !Console.IsInputRedirected,
            IsOutputSeen = !Console.IsOutputRedirected,
            IsErrorSeen = !Console.IsErrorRedirected,
            WantsColours = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
                && Environment.GetEnvironmentVariable("TERM") is not "dumb",
        };
    }
}
