using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary>Powers of two, to about two units in the last place.</summary>
internal static class Exponential
{
    /// <summary>1 / ln 2: <c>e^x = 2^(x Log2E)</c>.</summary>
    public const float Log2E = 1.44269504f;

    /// <summary>
    /// <c>2^x</c> for x up to 127: exactly 1 for 0; zero, or next to it, below -125 and for minus infinity.
    /// </summary>
    /// <remarks>
    /// 2^x = 2^n 2^f with n the nearest whole number. 2^f = 1 + f p(f), where p of degree 4 meets (2^f - 1) / f at the
    /// Chebyshev points of [-1/2, 1/2]: the result is off by at most 2.5e-7 of itself.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Power2<V, L>(V x)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var bounded = L.Max(x, L.Broadcast(-200));
        var n = L.Round(bounded);
        var f = L.Subtract(bounded, n);

        var p = L.Broadcast(1.33813021e-3f);
        p = L.MultiplyAdd(p, f, L.Broadcast(9.66636837e-3f));
        p = L.MultiplyAdd(p, f, L.Broadcast(5.55038117e-2f));
        p = L.MultiplyAdd(p, f, L.Broadcast(2.40223497e-1f));
        p = L.MultiplyAdd(p, f, L.Broadcast(6.93147182e-1f));
        p = L.MultiplyAdd(p, f, L.Broadcast(1));
        return L.ScaleByPower(p, n);
    }
}
