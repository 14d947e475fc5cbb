using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary>Weighted sums of values of M queries, with the state of each one's softmax.</summary>
/// <param name="data"><see cref="FloatsOf"/> floats.</param>
/// <param name="queries">Most queries.</param>
/// <param name="stride">Floats from one query's sums to the next.</param>
internal readonly unsafe struct AttentionSums(float* data, int queries, int stride)
{
    /// <summary>Softmax state of each query, <c>[M]</c>.</summary>
    public SoftmaxState* States => (SoftmaxState*)data;

    /// <summary>Weighted sums, <c>[M, stride]</c>.</summary>
    public float* Values => data + StateFloats(queries);

    /// <summary>Width of a head rounded up to two registers of the widest tier.</summary>
    public static int StrideOf(int headDim) => (headDim + 31) / 32 * 32;

    /// <summary>Room for M queries, in floats.</summary>
    public static int FloatsOf(int queries, int headDim) => StateFloats(queries) + queries * StrideOf(headDim);

    /// <summary>Forgets everything about the first queries.</summary>
    public void Clear(int count)
    {
        new Span<SoftmaxState>(States, count).Fill(SoftmaxState.Empty);
        new Span<float>(Values, count * stride).Clear();
    }

    /// <summary>Adds the sums over later keys. Merging into empty sums copies the others bit by bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Merge<V, L>(in AttentionSums later, int count)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (var m = 0; m < count; m++)
        {
            SoftmaxState mine = States[m], other = later.States[m];
            var maximum = MathF.Max(mine.Maximum, other.Maximum);
            var shrink = Exponential.Power2<float, Lanes1>(mine.Maximum - maximum);
            var shrinkOther = Exponential.Power2<float, Lanes1>(other.Maximum - maximum);
            States[m] = new(maximum, mine.Sum * shrink + other.Sum * shrinkOther);

            V a = L.Broadcast(shrink), b = L.Broadcast(shrinkOther);
            float* target = Values + m * stride, source = later.Values + m * stride;
            for (var c = 0; c < stride; c += L.Count)
            {
                var scaled = L.Multiply(L.Load(source + c), b);
                L.Store(target + c, L.MultiplyAdd(L.Load(target + c), a, scaled));
            }
        }
    }

    private static int StateFloats(int queries) => (2 * queries + 15) / 16 * 16;
}
