namespace Minka.Compute.Kernels.MatMul;

/// <summary>The end of a row group: R results per token into the rows of the output.</summary>
internal static unsafe class GroupResult
{
    /// <summary>Writes the sums of each token to <c>[first, first + R)</c> of its output, as far as rows go.</summary>
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
