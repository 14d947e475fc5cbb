using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary><c>y = x / sqrt(mean(x²) + epsilon) * w</c> over groups of a row (Zhang and Sennrich 2019).</summary>
/// <param name="y">Result; may be <paramref name="x"/>.</param>
/// <param name="x">Rows of whole groups.</param>
/// <param name="w">Weights, <c>[width]</c>.</param>
/// <param name="width">Floats of a group: the whole row, or one head of it.</param>
/// <param name="epsilon">Added to the mean.</param>
internal readonly unsafe struct RmsNorm(FloatRows y, FloatRows x, float* w, int width, float epsilon) : IRowKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Rows<V, L>(int start, int end)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (var row = start; row < end; row++)
        {
            for (var first = 0; first < x.Columns; first += width)
            {
                var source = x[row] + first;
                var mean = SumOfSquares<V, L>(source, width) / width;
                Scale<V, L>(y[row] + first, source, 1 / MathF.Sqrt(mean + epsilon));
            }
        }
    }

    /// <summary>The scalar twin.</summary>
    public void RowsPlain(int start, int end)
    {
        for (var row = start; row < end; row++)
        {
            for (var first = 0; first < x.Columns; first += width)
            {
                var squares = 0.0;
                for (var i = first; i < first + width; i++) squares += (double)x[row][i] * x[row][i];
                var scale = 1 / Math.Sqrt(squares / width + epsilon);
                for (var i = 0; i < width; i++) y[row][first + i] = (float)(x[row][first + i] * scale * w[i]);
            }
        }
    }

    private static float SumOfSquares<V, L>(float* x, int count)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        // Four sums hide the latency of the additions.
        V a = L.Broadcast(0), b = a, c = a, d = a;
        var i = 0;
        for (; i <= count - 4 * L.Count; i += 4 * L.Count)
        {
            V x0 = L.Load(x + i), x1 = L.Load(x + i + L.Count);
            V x2 = L.Load(x + i + 2 * L.Count), x3 = L.Load(x + i + 3 * L.Count);
            a = L.MultiplyAdd(x0, x0, a);
            b = L.MultiplyAdd(x1, x1, b);
            c = L.MultiplyAdd(x2, x2, c);
            d = L.MultiplyAdd(x3, x3, d);
        }
        for (; i <= count - L.Count; i += L.Count)
        {
            var xi = L.Load(x + i);
            a = L.MultiplyAdd(xi, xi, a);
        }
        var sum = L.Sum(L.Add(L.Add(a, b), L.Add(c, d)));
        for (; i < count; i++) sum += x[i] * x[i];
        return sum;
    }

    private void Scale<V, L>(float* target, float* source, float scale)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var scales = L.Broadcast(scale);
        var i = 0;
        for (; i <= width - L.Count; i += L.Count)
            L.Store(target + i, L.Multiply(L.Multiply(L.Load(source + i), scales), L.Load(w + i)));
        for (; i < width; i++) target[i] = source[i] * scale * w[i];
    }
}
