namespace Minka.Compute.Kernels.MatMul;

/// <summary>The sums of one row group for a tile of tokens: where they are kept, and how they end.</summary>
internal static unsafe class TileSums
{
    // A vector that lies across two cache lines costs twice.
    private const int Alignment = 64;

    /// <summary>Bytes of stack to reserve, whatever the width of vectors.</summary>
    public const int Bytes = (ActivationTiles.TileTokens * 64) + Alignment - 1;

    /// <summary>The first sum in some reserved bytes.</summary>
    public static TF* Align<TF>(byte* room)
        where TF : unmanaged => (TF*)(((nint)room + Alignment - 1) & ~(nint)(Alignment - 1));

    /// <summary>Writes each token's sums to <c>[first, first + R)</c> of its output, as far as rows go.</summary>
    public static void Write<TLanes, TI, TF>(TF* sums, int first, int rows, float* y, int yStride, int tokens)
        where TLanes : struct, ILanes<TI, TF>
        where TI : unmanaged
        where TF : unmanaged
    {
        var count = Math.Min(TLanes.Count, rows - first);
        y += first;
        if (count == TLanes.Count)
        {
            for (var t = 0; t < tokens; t++, y += yStride) TLanes.Store(y, sums[t]);
            return;
        }
        for (var t = 0; t < tokens; t++, y += yStride)
            for (var r = 0; r < count; r++) y[r] = ((float*)(sums + t))[r];
    }
}
