using System.Text;
using Minka.Cli.Screen;

namespace Minka.Cli.Chat;

/// <summary>Messages of the user, from a terminal or a pipe; <c>"""</c> begins and ends a block of lines.</summary>
internal sealed class ChatInput
{
    private const string Fence = "\"\"\"";
    private readonly Func<string, (LineEnd End, string Text)> _read;

    private ChatInput(Func<string, (LineEnd, string)> read) => _read = read;

    /// <summary>Lines of a pipe; nothing is echoed.</summary>
    public static ChatInput Piped(TextReader lines) =>
        new(_ => lines.ReadLine() is { } line ? (LineEnd.Entered, line) : (LineEnd.Closed, ""));

    /// <summary>Lines typed by a person.</summary>
    public static ChatInput Typed(LineEditor editor) => new(editor.Read);

    /// <summary>The next message.</summary>
    public (LineEnd End, string Text) Read(string prompt)
    {
        var (end, text) = _read(prompt);
        if (end != LineEnd.Entered || !text.StartsWith(Fence, StringComparison.Ordinal)) return (end, text);

        var block = new StringBuilder(text[Fence.Length..]);
        while (!block.ToString().TrimEnd().EndsWith(Fence, StringComparison.Ordinal))
        {
            (end, text) = _read("... ");
            if (end == LineEnd.Interrupted) return (end, "");
            if (end == LineEnd.Closed) return (LineEnd.Entered, block.ToString().Trim('\n'));
            block.Append('\n').Append(text);
        }
        return (LineEnd.Entered, block.ToString().TrimEnd()[..^Fence.Length].Trim('\n'));
    }
}
