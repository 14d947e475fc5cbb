using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Minka.Compute.Kernels.Code;

/// <summary>One number for each page of a tile.</summary>
[InlineArray(KvTile.Pages)]
internal struct PerPage
{
    /// <summary>Bytes of one.</summary>
    public const int Word = 8;

    private long _first;
}

/// <summary>What a function for scores is given, and uses up: heads, one after the other, times a tile of keys.
/// </summary>
[StructLayout(LayoutKind.Explicit)]
internal struct ScoresCall
{
    public const int KeysAt = 0, NextAt = 32, HeadsAt = 64, QueriesAt = 72, ScoresAt = 80;

    /// <summary>The first head's pages of keys.</summary>
    [FieldOffset(KeysAt)]
    public PerPage Keys;

    /// <summary>Pages that will be read later.</summary>
    [FieldOffset(NextAt)]
    public PerPage Next;

    /// <summary>Heads, at least one.</summary>
    [FieldOffset(HeadsAt)]
    public long Heads;

    /// <summary>The first head's queries, <c>[M, C]</c>; the other heads' follow.</summary>
    [FieldOffset(QueriesAt)]
    public long Queries;

    /// <summary>Receives <c>[M, 64]</c> of each head.</summary>
    [FieldOffset(ScoresAt)]
    public long Scores;
}

/// <summary>What a function for values is given, and uses up: heads, one after the other, times a tile of values.
/// </summary>
[StructLayout(LayoutKind.Explicit)]
internal struct ValuesCall
{
    public const int ValuesAt = 0, NextAt = 32, CountsAt = 64, PagesAt = 96, HeadsAt = 104, HeadOffsetAt = 112;
    public const int WeightsAt = 120, SumsAt = 128, RescalesAt = 136;

    /// <summary>The first head's pages of values.</summary>
    [FieldOffset(ValuesAt)]
    public PerPage Values;

    /// <summary>Pages that will be read later.</summary>
    [FieldOffset(NextAt)]
    public PerPage Next;

    /// <summary>Values of each page, at least one.</summary>
    [FieldOffset(CountsAt)]
    public PerPage Counts;

    /// <summary>Pages, at least one.</summary>
    [FieldOffset(PagesAt)]
    public long Pages;

    /// <summary>Heads, or pairs of them, at least one.</summary>
    [FieldOffset(HeadsAt)]
    public long Heads;

    /// <summary>Bytes from the first head's pages to those of the head whose turn it is.</summary>
    [FieldOffset(HeadOffsetAt)]
    public long HeadOffset;

    /// <summary>The first head's weights, <c>[M, 64]</c>; the other heads' follow.</summary>
    [FieldOffset(WeightsAt)]
    public long Weights;

    /// <summary>The first head's sums, <c>[M, C]</c>; the other heads' follow.</summary>
    [FieldOffset(SumsAt)]
    public long Sums;

    /// <summary>By how much they shrink before, <c>[M]</c>; the other heads' follow.</summary>
    [FieldOffset(RescalesAt)]
    public long Rescales;
}
