using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Minka.Compute.Cpu;
using Minka.Compute.Formats;
using Minka.Compute.Kernels.Code;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>Row groups of quantised blocks by functions written at run time: dot products at 512 bits.</summary>
internal sealed unsafe class CodeMatMul : MatMulKernel
{
    private static readonly ConcurrentDictionary<DType, Lazy<CodeMatMul>> Written = new();

    /// <summary>With its highest bit turned a signed byte is an unsigned one, larger by 128.</summary>
    private const uint HighBits = 0x8080_8080;

    // Of one token, of two, ...
    private readonly nint[] _functions = new nint[ProductCode.TokensMax];

    private CodeMatMul(DType type)
    {
        TurnedBits = type == DType.Q8_0 ? HighBits : 0;
        MachineCode.Place(_functions, i => ProductCode.Write(type, i + 1));
    }

    /// <inheritdoc/>
    public override int GroupRows => ProductCode.Rows;

    /// <inheritdoc/>
    public override bool IsQuantized => true;

    /// <inheritdoc/>
    public override uint TurnedBits { get; }

    /// <summary>The kernel of a quantised format, written when it is first wanted.</summary>
    public static CodeMatMul Of(DType type) =>
        Written.GetOrAdd(type, static type => new(() => new CodeMatMul(type))).Value;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]    // so that the first token is not slow
    public override void Multiply(
        in PackedRows w, int start, int end, in ActivationTiles x, int tile, float* y, int yStride)
    {
        y += (nint)tile * ActivationTiles.TileTokens * yStride;
        var whole = Math.Min(end, w.Rows / GroupRows);
        if (x.TokensOf(tile) <= ProductCode.TokensMax && start < whole)
        {
            MultiplyWhole(w, start, whole, x, tile, y, yStride);
            start = whole;
        }
        if (start < end) MultiplyAside(w, start, end, x, tile, y, yStride);
    }

    /// <summary>Few tokens and all rows of each group: sums go where they belong.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyWhole(
        in PackedRows w, int start, int end, in ActivationTiles x, int tile, float* y, int yStride)
    {
        var tokens = x.TokensOf(tile);
        var call = CallOf(w, tokens);
        call.Weights = w.Groups + (start * w.GroupBytes);
        call.Groups = end - start;
        call.Activations = (nint)x.TileOf(tile);
        call.Sums = (nint)(y + (start * GroupRows));
        call.TokenStride = yStride * sizeof(float);
        call.GroupStep = sizeof(Vector512<float>) - (tokens * call.TokenStride);
        Function(tokens)(&call);
    }

    /// <summary>Any tokens and rows: sums of some groups are gathered, then written as far as rows go.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyAside(
        in PackedRows w, int start, int end, in ActivationTiles x, int tile, float* y, int yStride)
    {
        var tokens = x.TokensOf(tile);
        var passes = (tokens + ProductCode.TokensMax - 1) / ProductCode.TokensMax;
        var room = stackalloc byte[TileSums.Bytes];
        var sums = TileSums.Align<Vector512<float>>(room);
        var call = CallOf(w, tokens);
        call.TokenStride = sizeof(Vector512<float>);
        for (var group = start; group < end; group += TileSums.Groups)
        {
            // Tokens that take turns find their weights in the nearest cache, so groups then come one by one.
            var count = Math.Min(TileSums.Groups, end - group);
            var step = passes > 1 ? 1 : count;
            for (var i = 0; i < count; i += step)
            {
                call.Weights = w.Groups + ((group + i) * w.GroupBytes);
                call.Groups = step;
                for (var pass = 0; pass < passes; pass++)
                {
                    var (first, last) = (tokens * pass / passes, tokens * (pass + 1) / passes);
                    call.Activations = (nint)(x.TileOf(tile) + first);
                    call.Sums = (nint)(sums + (i * tokens) + first);
                    Function(last - first)(&call);
                }
            }
            TileSums.Write<Lanes512, Vector512<int>, Vector512<float>>(
                sums, group * GroupRows, count, w.Rows, y, yStride, tokens);
        }
    }

    private static ProductCall CallOf(in PackedRows w, int tokens) => new()
    {
        Blocks = w.Blocks,
        ActivationStride = tokens * sizeof(ActivationBlock),
        Constants = new ProductConstants(),
    };

    // A call takes some microseconds at most: not worth telling the garbage collector.
    private delegate* unmanaged[SuppressGCTransition]<ProductCall*, void> Function(int tokens) =>
        (delegate* unmanaged[SuppressGCTransition]<ProductCall*, void>)_functions[tokens - 1];
}
