using System.Globalization;
using System.Text;

namespace Minka.Cli.Screen;

/// <summary>Columns that text takes on a terminal.</summary>
internal static class TextWidth
{
    /// <summary>First and last code points that take two columns (Unicode East Asian Width W and F).</summary>
    private static readonly (int First, int Last)[] _wide =
    [
        (0x1100, 0x115F), (0x2E80, 0x303E), (0x3041, 0xA4CF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE6F),
        (0xFF00, 0xFF60), (0xFFE0, 0xFFE6), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1FAFF),
        (0x20000, 0x3FFFD),
    ];

    /// <summary>Columns of one code point: 0, 1 or 2.</summary>
    public static int Of(Rune rune)
    {
        if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.Format or UnicodeCategory.Control) return 0;
        foreach (var (first, last) in _wide)
            if (rune.Value >= first && rune.Value <= last) return 2;
        return 1;
    }

    /// <summary>
    /// Where the cursor stands after <paramref name="text"/> on a screen of <paramref name="columns"/>.
    /// </summary>
    /// <param name="text">
    /// Written from <paramref name="from"/> on; a newline goes to the column <paramref name="indent"/>.
    /// </param>
    /// <param name="from">Row and column of the start.</param>
    /// <param name="columns">Width of the screen.</param>
    /// <param name="indent">Columns written before each line but the first.</param>
    public static (int Row, int Column) Advance(
        string text, (int Row, int Column) from, int columns, int indent)
    {
        var (row, column) = from;
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value == '\n')
            {
                (row, column) = (row + 1, indent);
                continue;
            }
            var width = Of(rune);
            if (column + width > columns) (row, column) = (row + 1, 0);
            column += width;
        }
        return column >= columns ? (row + 1, 0) : (row, column);
    }
}
