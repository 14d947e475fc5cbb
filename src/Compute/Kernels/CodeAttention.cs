using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Minka.Compute.Cpu;
using Minka.Compute.Kernels.Code;

namespace Minka.Compute.Kernels;

/// <summary>Attention of few queries over pages of halves by functions written at run time.</summary>
internal sealed unsafe class CodeAttention
{
    private const int QueriesStep = 2, QueriesMax = 8, HeadDimStep = 32, HeadDimMax = 256;
    private const int Widths = HeadDimMax / HeadDimStep;

    /// <summary>With fewer sums side by side each would wait for its own last addition.</summary>
    private const int SumsMin = 8;

    private static readonly Lazy<CodeAttention>[] Written =
        [.. Enumerable.Range(0, QueriesMax / QueriesStep * Widths).Select(i => new Lazy<CodeAttention>(
            () => new CodeAttention((i / Widths + 1) * QueriesStep, (i % Widths + 1) * HeadDimStep)))];

    private readonly int _headsAtOnce;

    // By the pages of a tile; one and two have the same, since sums of one would wait for each other.
    private readonly delegate* unmanaged[SuppressGCTransition]<ScoresCall*, void>[] _scores =
        new delegate* unmanaged[SuppressGCTransition]<ScoresCall*, void>[KvTile.Pages + 1];
    private readonly delegate* unmanaged[SuppressGCTransition]<ValuesCall*, void> _values, _valuesOfOne;

    private CodeAttention(int queries, int headDim)
    {
        _headsAtOnce = queries * AttentionCode.VectorsAtOnce(headDim) < SumsMin ? 2 : 1;
        for (var pages = 2; pages <= KvTile.Pages; pages++)
            _scores[pages] = (delegate* unmanaged[SuppressGCTransition]<ScoresCall*, void>)
                MachineCode.Place(AttentionCode.Scores(queries, headDim, pages));
        _scores[1] = _scores[2];
        _valuesOfOne = (delegate* unmanaged[SuppressGCTransition]<ValuesCall*, void>)
            MachineCode.Place(AttentionCode.Values(queries, headDim, 1));
        _values = _headsAtOnce == 1 ? _valuesOfOne : (delegate* unmanaged[SuppressGCTransition]<ValuesCall*, void>)
            MachineCode.Place(AttentionCode.Values(queries, headDim, _headsAtOnce));
    }

    /// <summary>Whether this process may and can run such functions.</summary>
    public static bool IsSupported => InstructionTiers.Current == InstructionTier.Avx512Vnni;

    /// <summary>The functions for so many queries of a head, and its width; false if there are none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryFind(int queries, int headDim, [NotNullWhen(true)] out CodeAttention? code)
    {
        code = null;
        if (queries > QueriesMax || headDim > HeadDimMax || headDim % HeadDimStep != 0) return false;
        code = Written[(queries / QueriesStep - 1) * Widths + headDim / HeadDimStep - 1].Value;
        return true;
    }

    /// <summary>As <see cref="AttentionScores"/>, for some heads one after the other.</summary>
    /// <param name="queries"><c>[heads, M, C]</c>.</param>
    /// <param name="heads">At least one.</param>
    /// <param name="keys">Pages of the first head's keys.</param>
    /// <param name="pages">How many of them hold keys; scores of others may be written.</param>
    /// <param name="scores"><c>[heads, M, 64]</c>.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Score(float* queries, int heads, in KvTile keys, int pages, float* scores)
    {
        ScoresCall call;
        for (var page = 0; page < KvTile.Pages; page++)
        {
            call.Keys[page] = (long)keys[page];
            call.Next[page] = (long)keys.Next(page);
        }
        (call.Heads, call.Queries, call.Scores) = (heads, (long)queries, (long)scores);
        _scores[pages](&call);
    }

    /// <summary>As <see cref="AttentionValues"/>, for some heads one after the other.</summary>
    /// <param name="weights"><c>[heads, M, 64]</c>.</param>
    /// <param name="heads">At least one.</param>
    /// <param name="values">Pages of the first head's values.</param>
    /// <param name="count">Keys of the tile that exist.</param>
    /// <param name="sums"><c>[heads, M, C]</c>.</param>
    /// <param name="rescales">Multiplies the older sums, <c>[heads, M]</c>.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Weigh(float* weights, int heads, in KvTile values, int count, float* sums, float* rescales)
    {
        ValuesCall call;
        call.Pages = (count + KvShape.BlockTokens - 1) / KvShape.BlockTokens;
        for (var page = 0; page < call.Pages; page++)
        {
            call.Values[page] = (long)values[page];
            call.Next[page] = (long)values.Next(page);
            call.Counts[page] = Math.Min(KvShape.BlockTokens, count - page * KvShape.BlockTokens);
        }
        (call.Heads, call.HeadOffset) = (heads / _headsAtOnce, 0);
        (call.Weights, call.Sums, call.Rescales) = ((long)weights, (long)sums, (long)rescales);
        if (call.Heads > 0) _values(&call);
        if (heads % _headsAtOnce == 0) return;
        call.Heads = 1;
        _valuesOfOne(&call);
    }
}
