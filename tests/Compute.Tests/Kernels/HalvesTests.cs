using System.Runtime.Intrinsics;
using Minka.Compute.Kernels;

namespace Minka.Compute.Tests.Kernels;

/// <summary>Every half, in every width of registers.</summary>
public unsafe class HalvesTests
{
    [Fact]
    public void Two_registers_of_halves_are_what_each_loads_alone()
    {
        AssertLoads<float, Lanes1>();
        AssertLoads<Vector128<float>, Lanes128>();
        AssertLoads<Vector256<float>, Lanes256>();
        AssertLoads<Vector512<float>, Lanes512>();
    }

    [Fact]
    public void Floats_brought_into_the_order_of_halves_and_back_are_as_before()
    {
        var floats = stackalloc float[32];
        for (var i = 0; i < 32; i++) floats[i] = i;
        Vector512<float> left = Lanes512.Load(floats), right = Lanes512.Load(floats + 16);

        Lanes512.Part(ref left, ref right);
        Assert.Equal([0, 2, 4, 30, 1, 3, 5, 31], [left[0], left[1], left[2], left[15],
            right[0], right[1], right[2], right[15]]);

        Lanes512.Join(ref left, ref right);
        Assert.Equal((Lanes512.Load(floats), Lanes512.Load(floats + 16)), (left, right));
    }

    [Fact]
    public void Finite_halves_are_the_same_by_code_and_nearest_where_a_half_is_near()
    {
        const int Count = 1 << 16;
        var floats = new float[Count];
        var random = new Random(1);
        for (var i = 0; i < Count; i++)
            floats[i] = i % 2 == 0 ? BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue))
                : (random.NextSingle() - 0.5f) * MathF.Pow(10, random.Next(-9, 6));
        ((float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity, -0f, 65504, 65519, 65520, -1e30f])
            .CopyTo(floats, 0);
        ushort[] plain = new ushort[Count], written = new ushort[Count];
        fixed (ushort* target = plain) FiniteHalves.WritePlainly(floats, target);
        fixed (ushort* target = written) FiniteHalves.Write(floats, target);

        Assert.Equal([0x7BFF, 0xFBFF, 0x8000, 0x7BFF, 0x7BFF, 0x7BFF, 0xFBFF], written[1..8]);
        Assert.Equal(0x7BFF, written[0] & 0x7FFF);
        for (var i = 0; i < Count; i++)
            if (!float.IsNaN(floats[i]))
                Assert.Equal(BitConverter.HalfToUInt16Bits(Nearest(floats[i])), written[i]);
        Assert.All(Enumerable.Range(0, Count), i => Assert.Equal(plain[i] & 0x7FFF, written[i] & 0x7FFF));
    }

    private static Half Nearest(float value) => Half.Clamp((Half)value, Half.MinValue, Half.MaxValue);

    private static void AssertLoads<V, L>()
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var halves = stackalloc ushort[2 * 16];
        var (expected, actual) = (new int[2 * L.Count], new int[2 * L.Count]);
        for (var first = 0; first < 1 << 16; first += 2 * L.Count)
        {
            for (var i = 0; i < 2 * L.Count; i++) halves[i] = (ushort)(first + i);
            fixed (int* each = expected, both = actual)
            {
                L.Store((float*)each, L.LoadSmallHalves(halves));
                L.Store((float*)each + L.Count, L.LoadSmallHalves(halves + L.Count));
                L.LoadSmallHalves(halves, out var left, out var right);
                L.Join(ref left, ref right);
                L.Store((float*)both, left);
                L.Store((float*)both + L.Count, right);
            }
            Assert.Equal(expected, actual);
        }
    }
}
