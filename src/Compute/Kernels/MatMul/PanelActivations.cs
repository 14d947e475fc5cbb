using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>Brings floats of neighbouring tokens side by side, so that a product walks memory in one line.</summary>
internal static unsafe class PanelActivations
{
    /// <summary>Writes columns <c>[start, end)</c> of a panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]    // so that the first token is not slow
    public static void Write(in ActivationTiles x, int panel, int start, int end)
    {
        var width = x.PanelWidth(panel);
        var first = panel * ActivationTiles.PanelTokens;
        var target = x.PanelOf(panel) + ((nint)start * width);
        if (width == 1)
        {
            var from = new ReadOnlySpan<float>(TokenAt(x, first) + start, end - start);
            TensorPrimitives.Multiply(from, ActivationTiles.PanelScale, new Span<float>(target, end - start));
            return;
        }
        for (var t = 0; t < width; t++, target++)
        {
            var isThere = first + t < x.Tokens;
            var from = TokenAt(x, isThere ? first + t : first);
            var to = target;
            for (nint c = start; c < end; c++, to += width) *to = isThere ? from[c] * ActivationTiles.PanelScale : 0;
        }
    }

    private static float* TokenAt(in ActivationTiles x, int token) => (float*)x.Values + ((nint)token * x.Stride);
}
