namespace Minka.Cli.Screen;

/// <summary>How an edited line ended.</summary>
internal enum LineEnd
{
    /// <summary>Enter.</summary>
    Entered,

    /// <summary>Ctrl+C.</summary>
    Interrupted,

    /// <summary>Ctrl+D on an empty line, or the terminal is gone.</summary>
    Closed,
}

/// <summary>Reads lines that a person types, with the keys of a shell.</summary>
/// <remarks>
/// Alt+Enter, or Enter after a backslash, begins another line; text pasted with newlines stays one message.
/// </remarks>
internal sealed class LineEditor(Terminal terminal, IKeyboard keyboard)
{
    private const string Continuation = "... ";

    private readonly List<string> _history = [];
    private int _cursorRow;

    /// <summary>Reads one message; history is shown by the up and down keys.</summary>
    public (LineEnd End, string Text) Read(string prompt)
    {
        var buffer = new LineBuffer(_history);
        _cursorRow = 0;
        using var raw = keyboard.Raw();
        Draw(prompt, buffer);
        while (keyboard.Read() is { } key)
        {
            if (Ends(key, buffer) is { } end)
            {
                buffer.MoveToLast();
                Draw(prompt, buffer);
                terminal.Out.Write("\r\n");
                if (end == LineEnd.Entered && buffer.Text.Length > 0) _history.Add(buffer.Text);
                return (end, buffer.Text);
            }
            Apply(key, buffer);
            if (!keyboard.HasMore) Draw(prompt, buffer);
        }
        return (LineEnd.Closed, "");
    }

    private LineEnd? Ends(ConsoleKeyInfo key, LineBuffer buffer)
    {
        var isControl = key.Modifiers.HasFlag(ConsoleModifiers.Control);
        if (isControl && key.Key == ConsoleKey.C) return LineEnd.Interrupted;
        if (isControl && key.Key == ConsoleKey.D && buffer.Text.Length == 0) return LineEnd.Closed;
        if (key.Key != ConsoleKey.Enter || key.Modifiers.HasFlag(ConsoleModifiers.Alt)) return null;
        // More keys already waiting after Enter: this is a paste, and the newline belongs to it.
        return keyboard.HasMore || buffer.Text.EndsWith('\\') ? null : LineEnd.Entered;
    }

    private static void Apply(ConsoleKeyInfo key, LineBuffer buffer)
    {
        if (key.Modifiers.HasFlag(ConsoleModifiers.Control) && ApplyControl(key.Key, buffer)) return;
        switch (key.Key)
        {
            case ConsoleKey.Enter:
                if (buffer.Text.EndsWith('\\')) buffer.DeleteBefore();
                buffer.Insert("\n");
                break;
            case ConsoleKey.Backspace: buffer.DeleteBefore(); break;
            case ConsoleKey.Delete: buffer.DeleteAfter(); break;
            case ConsoleKey.LeftArrow: buffer.MoveLeft(); break;
            case ConsoleKey.RightArrow: buffer.MoveRight(); break;
            case ConsoleKey.Home: buffer.MoveToStart(); break;
            case ConsoleKey.End: buffer.MoveToEnd(); break;
            case ConsoleKey.UpArrow: buffer.ShowOlder(); break;
            case ConsoleKey.DownArrow: buffer.ShowNewer(); break;
            case ConsoleKey.Tab: buffer.Insert("    "); break;
            default:
                if (!char.IsControl(key.KeyChar)) buffer.Insert(key.KeyChar.ToString());
                break;
        }
    }

    private static bool ApplyControl(ConsoleKey key, LineBuffer buffer)
    {
        switch (key)
        {
            case ConsoleKey.A: buffer.MoveToStart(); break;
            case ConsoleKey.B: buffer.MoveLeft(); break;
            case ConsoleKey.D: buffer.DeleteAfter(); break;
            case ConsoleKey.E: buffer.MoveToEnd(); break;
            case ConsoleKey.F: buffer.MoveRight(); break;
            case ConsoleKey.H: buffer.DeleteBefore(); break;
            case ConsoleKey.K: buffer.DeleteToEnd(); break;
            case ConsoleKey.N: buffer.ShowNewer(); break;
            case ConsoleKey.P: buffer.ShowOlder(); break;
            case ConsoleKey.U: buffer.DeleteToStart(); break;
            case ConsoleKey.W: buffer.DeleteWordBefore(); break;
            case ConsoleKey.LeftArrow: buffer.MoveWordLeft(); break;
            case ConsoleKey.RightArrow: buffer.MoveWordRight(); break;
            default: return false;
        }
        return true;
    }

    /// <summary>Writes prompt and text anew and puts the cursor in its place; long lines take several rows.</summary>
    private void Draw(string prompt, LineBuffer buffer)
    {
        var columns = Math.Max(20, terminal.Columns);
        var text = buffer.Text.Replace("\n", "\n" + Continuation, StringComparison.Ordinal);
        var up = _cursorRow > 0 ? $"\e[{_cursorRow}A" : "";
        terminal.Out.Write($"{up}\r\e[J{terminal.Bold(prompt)}{text.Replace("\n", "\r\n", StringComparison.Ordinal)}");

        var start = (0, prompt.Length);
        var end = TextWidth.Advance(buffer.Text, start, columns, Continuation.Length);
        var cursor = TextWidth.Advance(buffer.Text[..buffer.Cursor], start, columns, Continuation.Length);
        // At the right edge the terminal waits for the next character before it wraps; make it wrap now.
        var wrap = end.Column == 0 ? "\r\n" : "";
        var back = end.Row > cursor.Row ? $"\e[{end.Row - cursor.Row}A" : "";
        var right = cursor.Column > 0 ? $"\e[{cursor.Column}C" : "";
        terminal.Out.Write($"{wrap}{back}\r{right}");
        _cursorRow = cursor.Row;
    }
}
