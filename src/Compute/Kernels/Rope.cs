using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary>Rotates the first R dimensions of each head, in place (Su et al. 2021).</summary>
/// <param name="x"><c>[T, heads * C]</c>.</param>
/// <param name="rotations"><c>[T, R]</c>: R/2 cosines, then R/2 sines.</param>
/// <param name="headDim">C.</param>
/// <param name="pairs">Which two dimensions rotate together.</param>
internal readonly unsafe struct Rope(FloatRows x, FloatRows rotations, int headDim, RopePairs pairs) : IRowKernel
{
    // The sine's sign in x0 c - x1 s and x1 c + x0 s.
    private static ReadOnlySpan<float> Signs => [-1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Rows<V, L>(int start, int end)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var rotated = rotations.Columns;
        for (var row = start; row < end; row++)
        {
            float* cosines = rotations[row], sines = cosines + rotated / 2;
            if (pairs == RopePairs.Halves) Halves<V, L>(x[row], cosines, sines, rotated / 2);
            else Adjacent<V, L>(x[row], cosines, sines, rotated);
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

    // The angles are the same for every head: they are loaded once and turn all of them.
    private void Halves<V, L>(float* row, float* cosines, float* sines, int half)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var rowEnd = row + x.Columns;
        var i = 0;
        for (; i <= half - L.Count; i += L.Count)
        {
            V cosine = L.Load(cosines + i), sine = L.Load(sines + i);
            for (var head = row + i; head < rowEnd; head += headDim)
            {
                V a = L.Load(head), b = L.Load(head + half);
                L.Store(head, L.Subtract(L.Multiply(a, cosine), L.Multiply(b, sine)));
                L.Store(head + half, L.Add(L.Multiply(b, cosine), L.Multiply(a, sine)));
            }
        }
        for (; i < half; i++)
        {
            for (var head = row + i; head < rowEnd; head += headDim)
            {
                float a = head[0], b = head[half];
                head[0] = a * cosines[i] - b * sines[i];
                head[half] = b * cosines[i] + a * sines[i];
            }
        }
    }

    // x0 c - x1 s and x1 c + x0 s lie side by side: with the neighbour of each lane and the sine's sign, both are
    // lane * cosine + neighbour * sine.
    private void Adjacent<V, L>(float* row, float* cosines, float* sines, int rotated)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var rowEnd = row + x.Columns;
        var i = 0;
        if (L.Count > 1)
        {
            for (; i <= rotated - L.Count; i += L.Count)
            {
                V cosine = L.LoadTwice(cosines + i / 2), sine = Signed<V, L>(L.LoadTwice(sines + i / 2));
                for (var head = row + i; head < rowEnd; head += headDim)
                {
                    var lanes = L.Load(head);
                    var turned = L.Multiply(L.SwapPairs(lanes), sine);
                    L.Store(head, L.Add(L.Multiply(lanes, cosine), turned));
                }
            }
        }
        for (; i < rotated; i += 2)
        {
            float cosine = cosines[i / 2], sine = sines[i / 2];
            for (var head = row + i; head < rowEnd; head += headDim)
            {
                float a = head[0], b = head[1];
                head[0] = a * cosine - b * sine;
                head[1] = b * cosine + a * sine;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Signed<V, L>(V sines)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        fixed (float* signs = Signs) return L.Multiply(sines, L.Load(signs));
    }
}
