using System.Numerics;
using System.Runtime.InteropServices;
using Minka.Engine.Sampling;

namespace Minka.Cluster;

/// <summary>
/// Rows of logits between a rank and the root: all of a row, or its largest with their ids when those decide.
/// </summary>
internal static class LogitRows
{
    /// <summary>Most logits of a row that travel with their ids.</summary>
    public const int LargestMax = 128;

    /// <summary>Writes what is wanted of a row: the largest logits with their ids, what the row adds up to, the logit
    /// of the next token.</summary>
    /// <param name="wanted">What is wanted.</param>
    /// <param name="row">This rank's columns.</param>
    /// <param name="first">The token of its first column.</param>
    /// <param name="sum">Of the row, if wanted.</param>
    /// <param name="packed"><see cref="LogitRow.Floats"/> of it.</param>
    public static void Pack(
        LogitRow wanted, ReadOnlySpan<float> row, int first, LogSumExp sum, Span<float> packed)
    {
        Pack(row, packed[..(2 * wanted.Largest)]);
        packed = packed[(2 * wanted.Largest)..];
        if (wanted.HasSum)
        {
            packed[0] = sum.Largest;
            MemoryMarshal.Write(MemoryMarshal.AsBytes(packed[1..3]), sum.LogTotal);
            packed = packed[3..];
        }
        if (wanted.Next < 0) return;
        var next = wanted.Next - first;
        packed[0] = (uint)next < (uint)row.Length ? row[next] : float.NegativeInfinity;
    }

    /// <summary>Puts what was packed back where it belongs.</summary>
    /// <param name="wanted">What was.</param>
    /// <param name="packed">Of <see cref="Pack(LogitRow, ReadOnlySpan{float}, int, LogSumExp, Span{float})"/>.</param>
    /// <param name="row">This rank's columns.</param>
    /// <param name="first">The token of its first column.</param>
    /// <returns>What the columns add up to; null if that was not wanted.</returns>
    /// <exception cref="InvalidDataException">An id is not in the row.</exception>
    public static LogSumExp? Unpack(LogitRow wanted, ReadOnlySpan<float> packed, Span<float> row, int first)
    {
        Unpack(packed[..(2 * wanted.Largest)], row);
        packed = packed[(2 * wanted.Largest)..];
        var sum = default(LogSumExp?);
        if (wanted.HasSum)
        {
            sum = new(packed[0], MemoryMarshal.Read<double>(MemoryMarshal.AsBytes(packed[1..3])));
            packed = packed[3..];
        }
        var next = wanted.Next - first;
        if (wanted.Next >= 0 && (uint)next < (uint)row.Length) row[next] = packed[0];
        return sum;
    }

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
    /// <param name="packed">Of <see cref="Pack(ReadOnlySpan{float}, Span{float})"/>.</param>
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
