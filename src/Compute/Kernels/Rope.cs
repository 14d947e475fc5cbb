using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary>Rotates the first R dimensions of each head, in place (Su et al. 2021).</summary>
/// <param name="x"><c>[T, heads * C]</c>.</param>
/// <param name="rotations"><c>[T, R]</c>: R/2 cosines, then R/2 sines.</param>
/// <param name="headDim">C.</param>
/// <param name="pairs">Which two dimensions rotate together.</param>
internal readonly unsafe struct Rope(FloatRows x, FloatRows rotations, int headDim, RopePairs pairs) : IRowKernel
{
    /// <summary>Most dimensions that rotate: the sines and cosines of a token are spread out on the stack.</summary>
    public const int RotatedMax = 1024;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Rows<V, L>(int start, int end)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var rotated = rotations.Columns;
        var spread = stackalloc float[2 * RotatedMax];
        for (var row = start; row < end; row++)
        {
            float* cosines = rotations[row], sines = cosines + rotated / 2;
            if (pairs == RopePairs.Adjacent) Spread(spread, cosines, sines, rotated);
            for (var head = 0; head < x.Columns; head += headDim)
            {
                if (pairs == RopePairs.Halves) Halves<V, L>(x[row] + head, cosines, sines, rotated / 2);
                else Adjacent<V, L>(x[row] + head, spread, spread + rotated, rotated);
            }
        }
    }

    /// <summary>The scalar twin.</summary>
    public void RowsPlain(int start, int end)
    {
        var half = rotations.Columns / 2;
        for (var row = start; row < end; row++)
        {
            for (var head = 0; head < x.Columns; head += headDim)
            {
                for (var i = 0; i < half; i++)
                {
                    var (first, second) = pairs == RopePairs.Halves ? (i, i + half) : (2 * i, 2 * i + 1);
                    float cosine = rotations[row][i], sine = rotations[row][half + i];
                    float a = x[row][head + first], b = x[row][head + second];
                    x[row][head + first] = a * cosine - b * sine;
                    x[row][head + second] = b * cosine + a * sine;
                }
            }
        }
    }

    private static void Halves<V, L>(float* x, float* cosines, float* sines, int half)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var i = 0;
        for (; i <= half - L.Count; i += L.Count)
        {
            V a = L.Load(x + i), b = L.Load(x + half + i), cosine = L.Load(cosines + i), sine = L.Load(sines + i);
            L.Store(x + i, L.Subtract(L.Multiply(a, cosine), L.Multiply(b, sine)));
            L.Store(x + half + i, L.Add(L.Multiply(b, cosine), L.Multiply(a, sine)));
        }
        for (; i < half; i++)
        {
            float a = x[i], b = x[half + i];
            x[i] = a * cosines[i] - b * sines[i];
            x[half + i] = b * cosines[i] + a * sines[i];
        }
    }

    // x0 c - x1 s and x1 c + x0 s lie side by side: with the neighbour of each lane and the sine's sign spread out,
    // both are lane * cosine + neighbour * sine.
    private static void Adjacent<V, L>(float* x, float* cosines, float* sines, int rotated)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var i = 0;
        if (L.Count > 1)
        {
            for (; i <= rotated - L.Count; i += L.Count)
            {
                var lanes = L.Load(x + i);
                var turned = L.Multiply(L.SwapPairs(lanes), L.Load(sines + i));
                L.Store(x + i, L.Add(L.Multiply(lanes, L.Load(cosines + i)), turned));
            }
        }
        for (; i < rotated; i += 2)
        {
            float a = x[i], b = x[i + 1];
            x[i] = a * cosines[i] + b * sines[i];
            x[i + 1] = b * cosines[i + 1] + a * sines[i + 1];
        }
    }

    private static void Spread(float* spread, float* cosines, float* sines, int rotated)
    {
        for (var i = 0; i < rotated / 2; i++)
        {
            spread[2 * i] = spread[2 * i + 1] = cosines[i];
            spread[rotated + 2 * i] = -sines[i];
            spread[rotated + 2 * i + 1] = sines[i];
        }
    }
}
