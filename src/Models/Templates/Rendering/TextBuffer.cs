using System.Text;

namespace Minka.Models.Templates.Rendering;

/// <summary>Text that a template writes; charged as it grows.</summary>
internal sealed class TextBuffer(RenderBudget budget)
{
    private readonly StringBuilder _text = new();

    /// <summary>What the writing is charged to.</summary>
    public RenderBudget Budget => budget;

    /// <summary>Adds a text.</summary>
    public void Append(ReadOnlySpan<char> text)
    {
        budget.GrowText(_text.Length, text.Length);
        _text.Append(text);
    }

    /// <summary>Adds a character.</summary>
    public void Append(char c) => Append([c]);

    /// <summary>Adds a character again and again.</summary>
    public void Append(char c, long count)
    {
        budget.GrowText(_text.Length, count);
        _text.Append(c, (int)count);
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();
}
