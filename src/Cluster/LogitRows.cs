using System.Numerics;
using System.Runtime.InteropServices;

namespace Minka.Cluster;

/// <summary>
/// Rows of logits between a rank and the root: all of a row, or its largest with their ids when those decide.
/// </summary>
internal static class LogitRows
{
    /// <summary>Most logits of a row that travel with their ids.</summary>
    public const int LargestMax = 128;

    /// <summary>Floats of one row that travels with ids.</summary>
    public const int PackedMax = 2 * LargestMax;

    /// <summary>Whether a row travels with ids: only where that is shorter.</summary>
    public static bool IsPacked(int largest, int columns) => largest > 0 && 2 * largest < columns;

    /// <summary>Writes the largest logits of a row, and as many ids; at equal logits, the lower ids.</summary>
    /// <param name="row"><c>[columns]</c>; what is not a number is not taken.</param>
    /// <param name="packed"><c>[2, largest]</c>: logits, then ids as bits; -1 where there is none.</param>
    public static void Pack(ReadOnlySpan<float> row, Span<float> packed)
    {
        var best = packed[..(packed.Length / 2)];
        var ids = MemoryMarshal.Cast<float, int>(packed[best.Length..]);
        best.Fill(float.NegativeInfinity);
        ids.Fill(-1);
        for (var i = 0; i < row.Length;)
        {
            var least = best[^1];
            if (i + Vector<float>.Count <= row.Length
                && !Vector.GreaterThanAny(new Vector<float>(row[i..]), new Vector<float>(least)))
            {
                i += Vector<float>.Count;
                continue;
            }
            for (var end = Math.Min(i + Vector<float>.Count, row.Length); i < end; i++)
                if (row[i] > best[^1]) Insert(best, ids, row[i], i);
        }
    }

    /// <summary>Puts packed logits back where they belong.</summary>
    /// <param name="packed">Of <see cref="Pack"/>.</param>
    /// <param name="row">This rank's columns; others stay as they are.</param>
    /// <exception cref="InvalidDataException">An id is not in the row.</exception>
    public static void Unpack(ReadOnlySpan<float> packed, Span<float> row)
    {
        var best = packed[..(packed.Length / 2)];
        var ids = MemoryMarshal.Cast<float, int>(packed[best.Length..]);
        for (var i = 0; i < ids.Length && ids[i] >= 0; i++)
        {
            if (ids[i] >= row.Length)
                throw new InvalidDataException($"A rank sent the logit of row {ids[i]}; it has {row.Length} rows.");
            row[ids[i]] = best[i];
        }
    }

    /// <summary>Keeps falling order; equal ones stay in front.</summary>
    private static void Insert(Span<float> best, Span<int> ids, float logit, int id)
    {
        var at = best.Length - 1;
        for (; at > 0 && best[at - 1] < logit; at--) (best[at], ids[at]) = (best[at - 1], ids[at - 1]);
        (best[at], ids[at]) = (logit, id);
    }
}
