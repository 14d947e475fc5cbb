using System.Runtime.InteropServices;
using Minka.Compute.Formats;
using Minka.Compute.Kernels.MatMul;

namespace Minka.Compute.Tests.MatMul;

/// <summary>However many blocks are rounded together, each gets the bits that it gets alone.</summary>
public unsafe class QuantizeActivationsTests
{
    private const byte Untouched = 0xA5;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 1)]
    [InlineData(8, 3)]
    [InlineData(31, 1)]
    [InlineData(37, 5)]
    [InlineData(70, 1)]
    public void Blocks_get_the_same_bits_together_as_alone(int count, int step)
    {
        var random = new Random(count);
        var x = new float[32 * count];
        for (var i = 0; i < x.Length; i++)
            x[i] = (random.NextSingle() - 0.5f) * MathF.Pow(10, random.Next(-6, 6));

        AssertSameBits(x, count, step);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(float.Epsilon)]
    [InlineData(1e-39f)]
    [InlineData(-1.1754942e-38f)]
    [InlineData(3e-37f)]
    [InlineData(float.MaxValue)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Blocks_with_extreme_numbers_get_the_same_bits_together_as_alone(float extreme)
    {
        // Blocks that hold it everywhere, once, and not at all.
        var random = new Random(5);
        var x = new float[32 * 12];
        for (var i = 0; i < x.Length; i++)
        {
            var draw = random.NextSingle();
            x[i] = i < 64 ? extreme : i < 96 ? MathF.CopySign(extreme, draw - 0.5f) : draw;
        }
        x[200] = extreme;
        for (var i = 0; i < 3; i++) Array.Fill(x, 0f, 256 + 40 * i, 31);
        x[300] = extreme;

        AssertSameBits(x, 12, 1);
    }

    [Fact]
    public void A_block_with_a_number_that_is_none_has_such_a_scale_and_changes_no_other()
    {
        var x = new float[32 * 8];
        for (var i = 0; i < x.Length; i++) x[i] = i % 32;
        x[70] = float.NaN;

        var blocks = Together(x, 8, 1);

        for (var i = 0; i < blocks.Length; i++)
        {
            if (i == 2) Assert.True(float.IsNaN(blocks[i].Scale) && float.IsNaN(blocks[i].Offset));
            else Assert.Equal(31f / 127, blocks[i].Scale);
        }
    }

    [Fact]
    public void The_largest_magnitude_becomes_127_and_sums_belong_to_their_block()
    {
        // Block b holds b + 1 once, at place b, and half of it, negative, at place 31: 127 - 64 (ties go to even).
        var x = new float[32 * 8];
        for (var b = 0; b < 8; b++) (x[32 * b + b], x[32 * b + 31]) = (b + 1, -(b + 1) / 2f);

        var blocks = Together(x, 8, 1);

        for (var b = 0; b < 8; b++)
        {
            var expected = new sbyte[32];
            (expected[b], expected[31]) = (127, -64);
            ReadOnlySpan<sbyte> values = blocks[b].Values;
            Assert.Equal(expected, values.ToArray());
            Assert.Equal((b + 1) / 127f, blocks[b].Scale);
            Assert.Equal(8 * ((b + 1) / 127f) * 63, blocks[b].Offset);
            Assert.Equal(-128 * 63, blocks[b].Surplus);
        }
    }

    private static void AssertSameBits(float[] x, int count, int step)
    {
        var expected = new ActivationBlock[count * step];
        Blank(expected);
        fixed (float* from = x)
        fixed (ActivationBlock* to = expected)
            for (var i = 0; i < count; i++) QuantizeActivations.Singly(from + 32 * i, 1, to + i * step, step);

        Assert.Equal(Bytes(expected), Bytes(Together(x, count, step)));
    }

    private static ActivationBlock[] Together(float[] x, int count, int step)
    {
        var blocks = new ActivationBlock[count * step];
        Blank(blocks);
        fixed (float* from = x)
        fixed (ActivationBlock* to = blocks) QuantizeActivations.Quantize(from, count, to, step);
        return blocks;
    }

    private static void Blank(ActivationBlock[] blocks) =>
        MemoryMarshal.AsBytes(blocks.AsSpan()).Fill(Untouched);

    private static byte[] Bytes(ActivationBlock[] blocks) =>
        MemoryMarshal.AsBytes(blocks.AsSpan()).ToArray();
}
