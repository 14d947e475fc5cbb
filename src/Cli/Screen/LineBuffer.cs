using System.Globalization;
using System.Text;

namespace Minka.Cli.Screen;

/// <summary>The text being typed, its cursor and the lines typed before. Knows nothing of keys or screens.</summary>
/// <remarks>
/// The cursor stands between text elements, so an emoji of several code points moves and goes as one.
/// </remarks>
internal sealed class LineBuffer(IReadOnlyList<string> history)
{
    private readonly StringBuilder _text = new();
    private int _shown = history.Count;
    private string _draft = "";

    /// <summary>Everything typed so far.</summary>
    public string Text => _text.ToString();

    /// <summary>Characters before the cursor.</summary>
    public int Cursor { get; private set; }

    public void Insert(string text)
    {
        _text.Insert(Cursor, text);
        Cursor += text.Length;
    }

    public void DeleteBefore() => Remove(Previous(), Cursor);

    public void DeleteAfter() => Remove(Cursor, Next());

    public void DeleteWordBefore() => Remove(WordBefore(), Cursor);

    public void DeleteToStart() => Remove(LineStart(), Cursor);

    public void DeleteToEnd() => Remove(Cursor, LineEnd());

    public void Clear() => Remove(0, _text.Length);

    public void MoveLeft() => Cursor = Previous();

    public void MoveRight() => Cursor = Next();

    public void MoveWordLeft() => Cursor = WordBefore();

    public void MoveWordRight()
    {
        while (Cursor < _text.Length && !char.IsLetterOrDigit(_text[Cursor])) Cursor++;
        while (Cursor < _text.Length && char.IsLetterOrDigit(_text[Cursor])) Cursor++;
    }

    public void MoveToStart() => Cursor = LineStart();

    public void MoveToEnd() => Cursor = LineEnd();

    /// <summary>Puts the cursor after everything, so that what is written next comes below.</summary>
    public void MoveToLast() => Cursor = _text.Length;

    /// <summary>Shows the line typed before the one shown; the draft is kept for the way back.</summary>
    public void ShowOlder() => Show(_shown - 1);

    /// <summary>Shows the line typed after the one shown, and the draft after the last.</summary>
    public void ShowNewer() => Show(_shown + 1);

    private void Show(int index)
    {
        if (index < 0 || index > history.Count) return;
        if (_shown == history.Count) _draft = Text;
        _shown = index;
        _text.Clear().Append(index == history.Count ? _draft : history[index]);
        Cursor = _text.Length;
    }

    private void Remove(int start, int end)
    {
        _text.Remove(start, end - start);
        Cursor = start;
    }

    private int Previous()
    {
        var text = Text;
        var previous = 0;
        for (var at = 0; at < Cursor; at += StringInfo.GetNextTextElementLength(text, at)) previous = at;
        return previous;
    }

    private int Next() => Cursor + StringInfo.GetNextTextElementLength(Text, Cursor);

    private int WordBefore()
    {
        var at = Cursor;
        while (at > 0 && !char.IsLetterOrDigit(_text[at - 1])) at--;
        while (at > 0 && char.IsLetterOrDigit(_text[at - 1])) at--;
        return at;
    }

    private int LineStart() => Cursor == 0 ? 0 : Text.LastIndexOf('\n', Cursor - 1) + 1;

    private int LineEnd() => Text.IndexOf('\n', Cursor) is var end && end < 0 ? _text.Length : end;
}
