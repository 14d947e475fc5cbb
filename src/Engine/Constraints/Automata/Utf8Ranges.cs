namespace Minka.Engine.Constraints.Automata;

/// <summary>Cuts a range of code points into rows of byte ranges that match exactly their UTF-8.</summary>
internal static class Utf8Ranges
{
    private static readonly int[] LastOfLength = [0x7F, 0x7FF, 0xFFFF, 0x10FFFF];

    /// <summary>Adds the rows of <c>[first, last]</c>, which holds no surrogates.</summary>
    public static void Cut(int first, int last, List<(byte Low, byte High)[]> rows)
    {
        for (var length = 1; length <= 4; length++)
        {
            var lowest = length == 1 ? 0 : LastOfLength[length - 2] + 1;
            var (from, to) = (Math.Max(first, lowest), Math.Min(last, LastOfLength[length - 1]));
            if (from <= to) CutLength(from, to, length, rows);
        }
    }

    // A row exists when every byte after the first that differs covers its whole range.
    private static void CutLength(int first, int last, int length, List<(byte, byte)[]> rows)
    {
        for (var i = 1; i < length; i++)
        {
            var mask = (1 << 6 * i) - 1;
            if ((first & ~mask) == (last & ~mask)) continue;
            if ((first & mask) != 0)
            {
                CutLength(first, first | mask, length, rows);
                CutLength((first | mask) + 1, last, length, rows);
                return;
            }
            if ((last & mask) != mask)
            {
                CutLength(first, (last & ~mask) - 1, length, rows);
                CutLength(last & ~mask, last, length, rows);
                return;
            }
        }

        var row = new (byte, byte)[length];
        for (var i = 0; i < length; i++) row[i] = (ByteAt(first, i, length), ByteAt(last, i, length));
        rows.Add(row);
    }

    private static byte ByteAt(int codePoint, int index, int length)
    {
        if (length == 1) return (byte)codePoint;
        if (index > 0) return (byte)(0x80 | codePoint >> 6 * (length - 1 - index) & 0x3F);
        return (byte)((0xF00 >> length & 0xFF) | codePoint >> 6 * (length - 1));
    }
}
