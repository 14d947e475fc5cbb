using System.Runtime.CompilerServices;
using Minka.Compute.Formats;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>Row groups of quantised blocks with int8 activations.</summary>
/// <typeparam name="TLanes">Width of vectors.</typeparam>
/// <typeparam name="TI">Vectors of integers.</typeparam>
/// <typeparam name="TF">Vectors of floats.</typeparam>
internal abstract unsafe class BlockMatMul<TLanes, TI, TF> : MatMulKernel
    where TLanes : struct, IWordLanes<TI, TF>
    where TI : unmanaged
    where TF : unmanaged
{
    /// <inheritdoc/>
    public override int GroupRows => TLanes.Count;

    /// <inheritdoc/>
    public override bool IsQuantized => true;

    /// <inheritdoc/>
    [SkipLocalsInit]
    public override void Multiply(
        in PackedRows w, int start, int end, in ActivationTiles x, int tile, float* y, int yStride)
    {
        var tokens = x.TokensOf(tile);
        var room = stackalloc byte[TileSums.Bytes];
        var sums = TileSums.Align<TF>(room);
        y += (nint)tile * ActivationTiles.TileTokens * yStride;
        for (var group = start; group < end; group += TileSums.Groups)
        {
            var count = Math.Min(TileSums.Groups, end - group);
            for (var i = 0; i < count; i++)
            {
                var blocks = (byte*)(w.Groups + ((group + i) * w.GroupBytes));
                if (tokens == 1) sums[i] = MultiplyOne(blocks, x.TileOf(tile), w.Blocks);
                else MultiplyTile(blocks, x.TileOf(tile), w.Blocks, tokens, sums + (i * tokens));
            }
            TileSums.Write<TLanes, TI, TF>(sums, group * TLanes.Count, count, w.Rows, y, yStride, tokens);
        }
    }

    /// <summary>One row group and one token.</summary>
    protected abstract TF MultiplyOne(byte* w, ActivationBlock* x, int blocks);

    /// <summary>One row group and some tokens, whose blocks lie side by side.</summary>
    protected abstract void MultiplyTile(byte* w, ActivationBlock* x, int blocks, int tokens, TF* sums);
}
