using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;

namespace Minka.LoadTest.Report;

/// <summary>A page being written. What stands in braces is escaped: nothing from outside becomes markup.</summary>
internal sealed class Markup
{
    private readonly StringBuilder _text = new();

    /// <summary>Adds markup with values in it; numbers are written without a culture and to a tenth.</summary>
    public Markup Add([InterpolatedStringHandlerArgument("")] Writer text)
    {
        _ = text;
        return this;
    }

    /// <summary>Adds markup as it is.</summary>
    public Markup AddRaw(string markup)
    {
        _text.Append(markup);
        return this;
    }

    /// <summary>Adds a line for each entry.</summary>
    public Markup AddEach<T>(IEnumerable<T> entries, Action<Markup, T> add)
    {
        foreach (var entry in entries) add(this, entry);
        return this;
    }

    public override string ToString() => _text.ToString();

    /// <summary>Writes the parts of an interpolated text; the compiler calls it.</summary>
    [InterpolatedStringHandler]
    internal readonly ref struct Writer
    {
        private readonly StringBuilder _text;

        public Writer(int literalLength, int formattedCount, Markup markup)
        {
            _text = markup._text;
            _text.EnsureCapacity(_text.Length + literalLength + 8 * formattedCount);
        }

        public void AppendLiteral(string markup) => _text.Append(markup);

        public void AppendFormatted(string text) => _text.Append(WebUtility.HtmlEncode(text));

        public void AppendFormatted(int number) => _text.Append(CultureInfo.InvariantCulture, $"{number}");

        public void AppendFormatted(double number) => _text.Append(CultureInfo.InvariantCulture, $"{number:0.#}");
    }
}
