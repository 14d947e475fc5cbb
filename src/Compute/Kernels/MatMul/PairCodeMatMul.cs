using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Minka.Compute.Cpu;
using Minka.Compute.Formats;
using Minka.Compute.Kernels.Code;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>Row groups of quantised blocks, two at a time, by functions written at run time: AVX2.</summary>
internal sealed unsafe class PairCodeMatMul : MatMulKernel
{
    private static readonly ConcurrentDictionary<DType, Lazy<PairCodeMatMul>> Written = new();

    /// <summary>Numbers of tokens that functions know.</summary>
    private const int Counts = PairCode.TokensMax - PairCode.TokensMin + 1;

    /// <summary>The next pair is asked for while one is read, if the nearer caches have room for it.</summary>
    private const int PairBytesMax = 1 << 17;

    /// <summary>How far ahead a group is asked for otherwise.</summary>
    private const int Distance = 2304;

    /// <summary>Weights of one call: read in some ten microseconds, for which the garbage collector may wait.</summary>
    internal const int CallBytesMax = 1 << 18;

    // Of one group and the fewest tokens, one group and one more, ...
    private readonly nint[] _functions = new nint[PairCode.GroupsMax * Counts];
    private readonly MatMulKernel _ofOneToken;

    private PairCodeMatMul(DType type, MatMulKernel ofOneToken)
    {
        _ofOneToken = ofOneToken;
        MachineCode.Place(
            _functions, i => PairCode.Write(type, (i / Counts) + 1, (i % Counts) + PairCode.TokensMin));
    }

    /// <inheritdoc/>
    public override int GroupRows => PairCode.Rows;

    /// <inheritdoc/>
    public override bool IsQuantized => true;

    // F16C, which every processor with AVX2 has and .NET does not ask for: leaf 1, ECX bit 29 (Intel's manual, CPUID).
    private static bool HasHalves => X86Base.IsSupported && (X86Base.CpuId(1, 0).Ecx & (1 << 29)) != 0;

    /// <summary>The kernel of a format, written when it is first wanted.</summary>
    /// <param name="type">How the weights are stored.</param>
    /// <param name="plain">Multiplies the same groups one by one: single tokens, which wait for memory, and everything
    /// where there are no such functions or this process may not have them.</param>
    public static MatMulKernel Of(DType type, MatMulKernel plain) =>
        PairCode.Knows(type) && HasHalves && MachineCode.IsAllowed
            ? Written.GetOrAdd(type, (type, plain) => new(() => new PairCodeMatMul(type, plain)), plain).Value
            : plain;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]    // so that the first token is not slow
    public override void Multiply(
        in PackedRows w, int start, int end, in ActivationTiles x, int tile, float* y, int yStride)
    {
        if (x.TokensOf(tile) < PairCode.TokensMin) _ofOneToken.Multiply(w, start, end, x, tile, y, yStride);
        else MultiplyMany(w, start, end, x, tile, y, yStride);
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyMany(
        in PackedRows w, int start, int end, in ActivationTiles x, int tile, float* y, int yStride)
    {
        var tokens = x.TokensOf(tile);
        var room = stackalloc byte[PairCode.RoomBytes + TileSums.Bytes];
        var pairBytes = w.GroupBytes * PairCode.GroupsMax;
        var call = new ProductCall
        {
            Blocks = w.Blocks,
            GroupBytes = w.GroupBytes,
            ActivationStride = tokens * sizeof(ActivationBlock),
            Ahead = pairBytes <= PairBytesMax ? pairBytes : Distance,
            Constants = new ProductConstants(),
            Room = (nint)TileSums.Align<Vector256<float>>(room),
        };
        y += (nint)tile * ActivationTiles.TileTokens * yStride;
        var whole = Math.Max(start, Math.Min(end, w.Rows / GroupRows));
        var pairs = (whole - start) / PairCode.GroupsMax;
        Multiply(&call, w, start, PairCode.GroupsMax, pairs, x, tile, y + (start * GroupRows), yStride);
        for (var group = start + (pairs * PairCode.GroupsMax); group < whole; group++)
            Multiply(&call, w, group, 1, 1, x, tile, y + (group * GroupRows), yStride);
        if (whole == end) return;

        // The last rows are fewer than a group.
        var sums = (Vector256<float>*)(call.Room + PairCode.RoomBytes);
        Multiply(&call, w, whole, 1, 1, x, tile, (float*)sums, GroupRows);
        TileSums.Write<Lanes256, Vector256<int>, Vector256<float>>(
            sums, whole * GroupRows, 1, w.Rows, y, yStride, tokens);
    }

    /// <summary>Some groups, or pairs of them, and all tokens of a tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(
        ProductCall* call, in PackedRows w, int group, int together, int count, in ActivationTiles x, int tile,
        float* y, int yStride)
    {
        var tokens = x.TokensOf(tile);
        var passes = (tokens + PairCode.TokensMax - 1) / PairCode.TokensMax;
        // Tokens that take turns find their weights in the nearest cache, so groups then come one by one.
        var most = passes > 1 ? 1 : (int)Math.Max(1, CallBytesMax / (w.GroupBytes * together));
        call->TokenStride = yStride * sizeof(float);
        for (int i = 0, step; i < count; i += step, group += step * together, y += step * together * GroupRows)
        {
            step = Math.Min(most, count - i);
            call->Weights = w.Groups + (group * w.GroupBytes);
            for (var pass = 0; pass < passes; pass++)
            {
                var (first, last) = (tokens * pass / passes, tokens * (pass + 1) / passes);
                call->Activations = (nint)(x.TileOf(tile) + first);
                call->Sums = (nint)(y + ((nint)first * yStride));
                call->Groups = step;
                call->GroupStep = (together * sizeof(Vector256<float>)) - ((last - first) * call->TokenStride);
                Function(together, last - first)(call);
            }
        }
    }

    // A call is too short to tell the garbage collector of it.
    private delegate* unmanaged[SuppressGCTransition]<ProductCall*, void> Function(int groups, int tokens) =>
        (delegate* unmanaged[SuppressGCTransition]<ProductCall*, void>)
            _functions[((groups - 1) * Counts) + tokens - PairCode.TokensMin];
}
