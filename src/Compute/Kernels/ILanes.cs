namespace Minka.Compute.Kernels;

/// <summary>One width of floating-point registers, so that a kernel is written once for all of them.</summary>
/// <typeparam name="V">The register: <c>Vector512&lt;float&gt;</c> down to a plain <c>float</c>.</typeparam>
internal unsafe interface ILanes<V>
    where V : unmanaged
{
    /// <summary>Floats in a register; a divisor of 16.</summary>
    static abstract int Count { get; }

    static abstract V Zero { get; }

    static abstract V Broadcast(float value);

    static abstract V Load(float* source);

    /// <summary>Loads IEEE halves. The exponent 31 counts as a number: nothing loads as infinite or NaN.</summary>
    static abstract V LoadHalves(ushort* source);

    /// <summary>The same times 2^-112, which is one operation less.</summary>
    static abstract V LoadSmallHalves(ushort* source);

    /// <summary>Two registers of them in the order of <see cref="Part"/>.</summary>
    static abstract void LoadSmallHalves(ushort* source, out V even, out V odd);

    /// <summary>Brings two registers into the order in which this width loads two of halves with the fewest
    /// operations: even lanes and odd ones, or the same.</summary>
    static virtual void Part(ref V left, ref V right)
    {
    }

    /// <summary>Undoes <see cref="Part"/>.</summary>
    static virtual void Join(ref V even, ref V odd)
    {
    }

    static abstract V LoadBytes(sbyte* source);

    static abstract void Store(float* target, V value);

    static abstract V Add(V a, V b);

    static abstract V Subtract(V a, V b);

    static abstract V Multiply(V a, V b);

    static abstract V Divide(V a, V b);

    /// <summary><c>a * b + c</c>, rounded once where the CPU can.</summary>
    static abstract V MultiplyAdd(V a, V b, V c);

    static abstract V Max(V a, V b);

    static abstract V Min(V a, V b);

    /// <summary>The nearest whole numbers, halves to even.</summary>
    static abstract V Round(V a);

    /// <summary>
    /// <c>a * 2^n</c> for a between 1/2 and 2 and whole n from -200 to 127; zero, or next to it, for n below -125.
    /// </summary>
    static abstract V ScaleByPower(V a, V n);

    /// <summary>Lanes 2i and 2i + 1 exchanged. Needs at least two lanes.</summary>
    static abstract V SwapPairs(V a);

    /// <summary>Loads half as many floats as there are lanes, each into two lanes side by side. Needs at least two
    /// lanes.</summary>
    static abstract V LoadTwice(float* source);

    /// <summary>Sum of the lanes, in an order fixed by the width.</summary>
    static abstract float Sum(V a);

    /// <summary>The largest lane.</summary>
    static abstract float Largest(V a);
}
