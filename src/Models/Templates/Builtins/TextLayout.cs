using System.Text;
using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>Text brought to a width.</summary>
internal static class TextLayout
{
    /// <summary>Where the fill goes.</summary>
    internal enum Side
    {
        /// <summary>Before the text: <c>rjust</c>.</summary>
        Left,

        /// <summary>After the text: <c>ljust</c>.</summary>
        Right,

        /// <summary>Around it: <c>center</c>.</summary>
        Both,
    }

    /// <summary>Python's <c>rjust</c>, <c>ljust</c> and <c>center</c>.</summary>
    public static StringValue Pad(Renderer renderer, StringValue value, int width, string fill, Side side)
    {
        if (CodePoints.Count(fill) != 1) throw TemplateException.Of($"a fill must be one character; '{fill}' is not.");
        var missing = width - CodePoints.Count(value.Text);
        if (missing <= 0) return value;

        renderer.Budget.MakeText(value.Text.Length + (missing * (long)fill.Length));
        var left = side switch { Side.Left => missing, Side.Right => 0, _ => (missing / 2) + (missing & width & 1) };
        return value.Like(new StringBuilder()
            .Insert(0, fill, left).Append(value.Text).Append(Repeat(fill, missing - left)).ToString());
    }

    /// <summary>Python's <c>zfill</c>.</summary>
    public static StringValue FillZeros(Renderer renderer, StringValue value, int width)
    {
        var hasSign = value.Text.StartsWith('-') || value.Text.StartsWith('+');
        var missing = width - CodePoints.Count(value.Text);
        if (missing <= 0) return value;
        renderer.Budget.MakeText(width);
        return value.Like(value.Text.Insert(hasSign ? 1 : 0, new string('0', missing)));
    }

    /// <summary>Python's <c>expandtabs</c>.</summary>
    public static StringValue ExpandTabs(Renderer renderer, StringValue value, int size)
    {
        var output = new TextBuffer(renderer.Budget);
        var column = 0;
        foreach (var rune in value.Text.EnumerateRunes())
        {
            if (rune.Value == '\t')
            {
                var count = size <= 0 ? 0 : size - (column % size);
                output.Append(' ', count);
                column += count;
                continue;
            }

            column = rune.Value is '\n' or '\r' ? 0 : column + 1;
            output.Append(rune.ToString());
        }

        return value.Like(output.ToString());
    }

    private static string Repeat(string text, int count) => new StringBuilder().Insert(0, text, count).ToString();
}
