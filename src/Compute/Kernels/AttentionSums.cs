using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary>Weighted sums of values of some queries, with the state of each one's softmax.</summary>
/// <param name="states">One per query.</param>
/// <param name="values"><c>[queries, stride]</c>.</param>
/// <param name="stride">Floats from one query's sums to the next.</param>
internal readonly unsafe struct AttentionSums(SoftmaxState* states, float* values, int stride)
{
    /// <summary>Two registers of the widest tier, in floats.</summary>
    public const int StrideStep = 32;

    /// <summary>Softmax state of each query.</summary>
    public SoftmaxState* States => states;

    /// <summary>Weighted sums, <c>[queries, stride]</c>.</summary>
    public float* Values => values;

    /// <summary>Width of a head rounded up to two registers of the widest tier.</summary>
    public static int StrideOf(int headDim) => (headDim + StrideStep - 1) / StrideStep * StrideStep;

    /// <summary>Room for some queries, in floats: a multiple of a cache line.</summary>
    public static int FloatsOf(int queries, int headDim) => StateFloats(queries) + queries * StrideOf(headDim);

    /// <summary>Sums in a room of <see cref="FloatsOf"/> floats.</summary>
    public static AttentionSums In(float* room, int queries, int headDim) =>
        new((SoftmaxState*)room, room + StateFloats(queries), StrideOf(headDim));

    /// <summary>The sums without those of the first queries.</summary>
    public AttentionSums From(int query) => new(states + query, values + query * stride, stride);

    /// <summary>Forgets everything about the first queries.</summary>
    public void Clear(int count)
    {
        new Span<SoftmaxState>(states, count).Fill(SoftmaxState.Empty);
        new Span<float>(values, count * stride).Clear();
    }

    /// <summary>Adds the sums over later keys. Merging into empty sums copies the others bit by bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Merge<V, L>(in AttentionSums later, int count)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (var m = 0; m < count; m++)
        {
            SoftmaxState mine = states[m], other = later.States[m];
            var maximum = mine.Maximum > other.Maximum ? mine.Maximum : other.Maximum;
            var shrink = Exponential.Power2<float, Lanes1>(mine.Maximum - maximum);
            var shrinkOther = Exponential.Power2<float, Lanes1>(other.Maximum - maximum);
            states[m] = new(maximum, mine.Sum * shrink + other.Sum * shrinkOther);

            V a = L.Broadcast(shrink), b = L.Broadcast(shrinkOther);
            float* target = values + m * stride, source = later.Values + m * stride;
            for (var c = 0; c < stride; c += L.Count)
            {
                var scaled = L.Multiply(L.Load(source + c), b);
                L.Store(target + c, L.MultiplyAdd(L.Load(target + c), a, scaled));
            }
        }
    }

    private static int StateFloats(int queries) => (2 * queries + 15) / 16 * 16;
}
