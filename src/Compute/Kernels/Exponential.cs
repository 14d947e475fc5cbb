using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary>Powers of two and of e, to about two units in the last place.</summary>
internal static class Exponential
{
    /// <summary>1 / ln 2.</summary>
    public const float Log2E = 1.44269504f;

    /// <summary>
    /// <c>2^x</c> for x up to 127; zero for x below -125, minus infinity included; exactly 1 for 0.
    /// </summary>
    /// <remarks>
    /// 2^x = 2^n 2^f with n the nearest whole number: a polynomial of degree 6 (Taylor's, (f ln 2)^k / k!, whose rest
    /// at |f| = 1/2 is 1.2e-7 of the value) gives 2^f, and n goes straight into the exponent bits.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Power2<V, L>(V x)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var lowest = L.Broadcast(-125);
        var inRange = L.Min(L.Max(x, lowest), L.Broadcast(127));
        var n = L.Round(inRange);
        var f = L.Subtract(inRange, n);

        var p = L.Broadcast(1.54035304e-4f);
        p = L.MultiplyAdd(p, f, L.Broadcast(1.33335581e-3f));
        p = L.MultiplyAdd(p, f, L.Broadcast(9.61812911e-3f));
        p = L.MultiplyAdd(p, f, L.Broadcast(5.55041087e-2f));
        p = L.MultiplyAdd(p, f, L.Broadcast(2.40226507e-1f));
        p = L.MultiplyAdd(p, f, L.Broadcast(6.93147181e-1f));
        p = L.MultiplyAdd(p, f, L.Broadcast(1));
        return L.WhereAbove(x, lowest, L.ScaleByPower(p, n));
    }

    /// <summary><c>e^x</c>: zero below about -86.6, at most 2^127.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp<V, L>(V x)
        where V : unmanaged
        where L : struct, ILanes<V> =>
        Power2<V, L>(L.Multiply(x, L.Broadcast(Log2E)));
}
