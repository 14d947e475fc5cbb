using System.Text;
using Microsoft.Win32.SafeHandles;
using Minka.Cli.Screen;
using Spectre.Console;

namespace Minka.Cli;

/// <summary>Where a verb reads and writes: this process's streams, or strings in a test.</summary>
internal sealed class Terminal : IDisposable
{
    private const int ColumnsWithoutScreen = 100;
    private const int ColumnsOfPipe = 1000;

    /// <summary>What is typed or piped in.</summary>
    public required TextReader In { get; init; }

    /// <summary>Answers: what a pipe should get and nothing else.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Errors, progress, statistics.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Ctrl+C.</summary>
    public Interrupts Interrupts { get; init; } = new();

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>A person types the input.</summary>
    public bool IsInputTyped { get; init; }

    /// <summary>A person reads the output on a screen.</summary>
    public bool IsOutputSeen { get; init; }

    /// <summary>A person reads the errors on a screen.</summary>
    public bool IsErrorSeen { get; init; }

    /// <summary>Colours are wanted: <c>NO_COLOR</c> is not set and <c>TERM</c> is not dumb.</summary>
    public bool WantsColours { get; init; }

    /// <summary>A person types and reads: lines can be edited, a chat makes sense.</summary>
    public bool IsInteractive => IsInputTyped && IsOutputSeen;

    /// <summary>Width to wrap help at.</summary>
    public int Columns => IsOutputSeen ? ScreenColumns : ColumnsWithoutScreen;

    /// <summary>Width of the screen that shows errors and progress.</summary>
    public int ErrorColumns { get => field > 0 ? field : IsErrorSeen ? ScreenColumns : ColumnsWithoutScreen; init; }

    private static int ScreenColumns => Console.WindowWidth > 0 ? Console.WindowWidth : ColumnsWithoutScreen;

    /// <summary>The terminal of this process. Text is UTF-8 without a mark, and a write goes out at once.</summary>
    public static Terminal OfThisProcess()
    {
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        return new Terminal
        {
            In = ClosedStream.Is(0) ? TextReader.Null
                : Console.IsInputRedirected ? new StreamReader(Console.OpenStandardInput(), utf8) : Console.In,
            Out = new StreamWriter(OpenOutput(), utf8) { AutoFlush = true },
            Error = ClosedStream.Is(2) ? TextWriter.Null
                : new StreamWriter(Console.OpenStandardError(), utf8) { AutoFlush = true },
            Interrupts = Interrupts.OfThisProcess(),
            IsInputTyped = !Console.IsInputRedirected,
            IsOutputSeen = !Console.IsOutputRedirected,
            IsErrorSeen = !Console.IsErrorRedirected,
            WantsColours = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
                && Environment.GetEnvironmentVariable("TERM") is not "dumb",
        };
    }

    /// <summary>For tables, which are never wider than the screen; a pipe has no width.</summary>
    /// <param name="to">Where they go; null for <see cref="Out"/>.</param>
    public IAnsiConsole Tables(TextWriter? to = null)
    {
        var isSeen = to == Error ? IsErrorSeen : IsOutputSeen;
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = WantsColours && isSeen ? AnsiSupport.Yes : AnsiSupport.No,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(to ?? Out),
        });
        if (!isSeen) console.Profile.Width = ColumnsOfPipe;
        return console;
    }

    /// <summary>Text in bold on a screen with colours.</summary>
    public string Bold(string text) => Styled(text, "1");

    /// <summary>Text in grey on a screen with colours.</summary>
    public string Dim(string text) => Styled(text, "2");

    /// <summary>One sentence for a person, on the error stream.</summary>
    public void Complain(string sentence) => Error.WriteLine($"minka: {sentence}");

    /// <summary>Shows a line in place of the one that stood there; one longer than the screen is cut.</summary>
    public void ShowProgress(string line) =>
        Error.Write($"\r{line[..Math.Min(line.Length, Math.Max(ErrorColumns - 1, 0))]}\e[K");

    /// <summary>Takes away what <see cref="ShowProgress"/> wrote.</summary>
    public void ClearProgress() => Error.Write("\r\e[K");

    /// <summary>The reader of a pipe went away, as <c>head</c> does when it has enough.</summary>
    public static bool IsOutputGone(Exception error)
    {
        const int brokenPipe = 32; // EPIPE, on Linux and macOS alike
        return error is IOException { HResult: brokenPipe };
    }

    public void Dispose() => Interrupts.Dispose();

    private string Styled(string text, string style) =>
        WantsColours && IsOutputSeen ? $"\e[{style}m{text}\e[0m" : text;

    /// <summary>
    /// Standard output that throws when its reader has gone: the console's own stream swallows that, and a long
    /// answer would go on for nobody. A regular file has no reader, and sharing its position needs the console's.
    /// </summary>
    private static Stream OpenOutput()
    {
        if (ClosedStream.Is(1)) return new ClosedStream();
        if (OperatingSystem.IsWindows()) return Console.OpenStandardOutput();
        var pipe = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return pipe.CanSeek ? Console.OpenStandardOutput() : pipe;
    }
}
