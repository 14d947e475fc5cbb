using Minka.Compute.Formats;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>The specification of quantised products, row by row: a group of one row is as in a file.</summary>
internal sealed unsafe class ScalarQuantizedMatMul<TFormat> : MatMulKernel
    where TFormat : unmanaged, IQuantizedFormat<TFormat>
{
    public override int GroupRows => 1;

    public override bool IsQuantized => true;

    public override void Multiply(
        in PackedRows w, int start, int end, in ActivationTiles x, int tile, float* y, int yStride)
    {
        var tokens = x.TokensOf(tile);
        var blocks = x.TileOf(tile);
        y += (nint)tile * ActivationTiles.TileTokens * yStride;
        for (var r = start; r < end; r++)
        {
            var row = (TFormat*)(w.Groups + (r * w.GroupBytes));
            for (nint t = 0; t < tokens; t++)
            {
                var sum = 0f;
                for (nint b = 0; b < w.Blocks; b++) sum = TFormat.AddDot(sum, in row[b], in blocks[(b * tokens) + t]);
                y[(t * yStride) + r] = sum;
            }
        }
    }
}

/// <summary>The specification of products with plain numbers.</summary>
internal sealed unsafe class ScalarFloatMatMul<TFormat> : MatMulKernel
    where TFormat : unmanaged, IFloatFormat<TFormat>
{
    public override int GroupRows => 1;

    public override bool IsQuantized => false;

    public override void Multiply(
        in PackedRows w, int start, int end, in ActivationTiles x, int tile, float* y, int yStride)
    {
        for (var r = start; r < end; r++)
        {
            var row = (TFormat*)(w.Groups + (r * w.GroupBytes));
            for (var t = 0; t < x.TokensOf(tile); t++)
            {
                var token = ((nint)tile * ActivationTiles.TileTokens) + t;
                var values = (float*)x.Values + (token * x.Stride);
                var sum = 0f;
                for (var c = 0; c < w.Blocks; c++) sum += TFormat.ToSingle(row[c]) * values[c];
                y[(token * yStride) + r] = sum;
            }
        }
    }
}
