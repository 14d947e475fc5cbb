using System.Numerics;

namespace Minka.Models.Tokenization.Merging;

/// <summary>Which pairs of tokens merge, in which order, into what.</summary>
internal sealed class MergeTable
{
    private readonly ulong[] _pairs;
    private readonly (int Rank, int Merged)[] _results;

    /// <summary>An empty table.</summary>
    /// <param name="count">How many pairs will be entered.</param>
    public MergeTable(int count)
    {
        var slots = BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, count * 2));
        _pairs = new ulong[slots];
        _results = new (int, int)[slots];
        Array.Fill(_pairs, ulong.MaxValue);
    }

    /// <summary>Enters a pair; of two equal pairs the later holds if <paramref name="replaces"/>.</summary>
    public void Add(int left, int right, int rank, int merged, bool replaces)
    {
        var pair = Pair(left, right);
        var slot = Slot(pair);
        if (_pairs[slot] == pair && !replaces) return;
        _pairs[slot] = pair;
        _results[slot] = (rank, merged);
    }

    /// <summary>Finds what a pair of tokens merges into; lower ranks merge first.</summary>
    public bool TryFind(int left, int right, out int rank, out int merged)
    {
        var pair = Pair(left, right);
        var slot = Slot(pair);
        (rank, merged) = _results[slot];
        return _pairs[slot] == pair;
    }

    private static ulong Pair(int left, int right) => (ulong)(uint)left << 32 | (uint)right;

    private int Slot(ulong pair)
    {
        var hash = pair * 0x9E37_79B9_7F4A_7C15;
        var mask = _pairs.Length - 1;
        var slot = (int)(hash >> 33) & mask;
        while (_pairs[slot] != pair && _pairs[slot] != ulong.MaxValue) slot = slot + 1 & mask;
        return slot;
    }
}
