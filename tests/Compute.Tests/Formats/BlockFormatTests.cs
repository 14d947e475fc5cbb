using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Minka.Compute.Formats;

namespace Minka.Compute.Tests.Formats;

public class BlockFormatTests
{
    public static TheoryData<DType> Types => [.. Enum.GetValues<DType>()];

    [Fact]
    public void Blocks_are_laid_out_as_in_a_file()
    {
        Assert.Equal(4, Unsafe.SizeOf<F32>());
        Assert.Equal(2, Unsafe.SizeOf<F16>());
        Assert.Equal(2, Unsafe.SizeOf<BF16>());
        Assert.Equal(18, Unsafe.SizeOf<Q4_0>());
        Assert.Equal(20, Unsafe.SizeOf<Q4_1>());
        Assert.Equal(22, Unsafe.SizeOf<Q5_0>());
        Assert.Equal(24, Unsafe.SizeOf<Q5_1>());
        Assert.Equal(34, Unsafe.SizeOf<Q8_0>());
        Assert.Equal(44, Unsafe.SizeOf<ActivationBlock>());
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void The_list_holds_every_format_under_its_own_name(DType type)
    {
        var format = BlockFormats.Of(type);

        Assert.Equal(type, format.Type);
        Assert.Equal(type.BlockBytes(), (2 * format.Halves) + (4 * format.Words));
    }

    [Theory]
    [InlineData(DType.Q4_0, 1 / 8f)]
    [InlineData(DType.Q4_1, 1 / 15f)]
    [InlineData(DType.Q5_0, 1 / 16f)]
    [InlineData(DType.Q5_1, 1 / 31f)]
    [InlineData(DType.Q8_0, 0.5f / 127)]
    public void Rounding_errs_by_at_most_a_step_of_the_largest_value(DType type, float step)
    {
        var random = new Random(7);
        var values = new float[320];
        for (var i = 0; i < values.Length; i++) values[i] = (random.NextSingle() * 2) - 1;
        var bytes = new byte[type.RowBytes(values.Length)];
        var decoded = new float[values.Length];

        BlockFormats.Of(type).Encode(values, bytes);
        BlockFormats.Of(type).Decode(bytes, decoded);

        for (var i = 0; i < values.Length; i++) Assert.InRange(MathF.Abs(values[i] - decoded[i]), 0, step * 1.01f);
    }

    [Fact]
    public void The_largest_magnitude_of_Q4_0_is_stored_without_error()
    {
        var values = new float[32];
        (values[3], values[20]) = (-4, 2);

        var block = Q4_0.Encode(values);
        Q4_0.Decode(in block, values);

        Assert.Equal((Half)0.5f, block.Scale);
        Assert.Equal(-4f, values[3]);
        Assert.Equal(2f, values[20]);
        Assert.Equal(0f, values[0]);
    }

    [Theory]
    [InlineData(1f, 0x3F80)]
    [InlineData(1.00390625f, 0x3F80)]    // halfway: to the even neighbour below
    [InlineData(1.01171875f, 0x3F82)]    // halfway: to the even neighbour above
    [InlineData(float.PositiveInfinity, 0x7F80)]
    public void BF16_rounds_to_nearest_and_ties_to_even(float value, int bits) =>
        Assert.Equal(bits, BF16.Encode([value]).Bits);

    [Fact]
    public void Vectors_round_and_expand_to_the_bits_that_single_values_give()
    {
        var random = new Random(11);
        float[] ends =
            [0, -0f, 1e-45f, -1e-40f, 3e38f, -3e38f, float.PositiveInfinity, float.NegativeInfinity, float.NaN];
        for (var round = 0; round < 20_000; round++)
        {
            // Halves and their neighbours, where rounding away from zero differs from every other; ties of magnitude.
            var unit = MathF.ScaleB(1, random.Next(-150, 120));
            var values = Enumerable.Range(0, 32).Select(_ => unit * (round % 4 switch
            {
                0 => random.Next(-254, 255) / 2f,
                1 => MathF.BitIncrement(random.Next(-254, 255) / 2f),
                2 => random.Next(-3, 4),
                _ => random.NextSingle() - 0.5f,
            })).ToArray();
            if (round % 8 == 0) values[random.Next(32)] = unit * 127;
            if (round % 50 == 0) values[random.Next(32)] = ends[random.Next(ends.Length)];

            var (eights, fours) = (Q8_0.Encode(values), Q4_0.Encode(values));
            Assert.Equal(BytesOf(Q8_0.EncodeOneByOne(values)), BytesOf(eights));
            Assert.Equal(BytesOf(Q4_0.EncodeOneByOne(values)), BytesOf(fours));
        }
    }

    [Theory]
    [InlineData(DType.F16)]
    [InlineData(DType.BF16)]
    [InlineData(DType.F32)]
    public void A_row_of_numbers_expands_as_each_of_them_does(DType type)
    {
        const int Count = 65_536 + 7;
        var bytes = new byte[type.RowBytes(Count)];
        for (var i = 0; i < Count; i++) BitConverter.TryWriteBytes(bytes.AsSpan(i * type.BlockBytes()), (ushort)i);
        var (row, one) = (new float[Count], new float[1]);

        BlockFormats.Of(type).Decode(bytes, row);

        for (var i = 0; i < Count; i++)
        {
            var bits = BitConverter.ToUInt16(bytes, i * type.BlockBytes());
            one[0] = type switch
            {
                DType.F16 => (float)BitConverter.UInt16BitsToHalf(bits),
                DType.BF16 => BitConverter.UInt32BitsToSingle((uint)bits << 16),
                _ => BitConverter.UInt32BitsToSingle(bits),
            };
            Assert.Equal(BitConverter.SingleToUInt32Bits(one[0]), BitConverter.SingleToUInt32Bits(row[i]));
        }
    }

    private static byte[] BytesOf<T>(T block) where T : unmanaged =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in block)).ToArray();

    [Fact]
    public void A_NaN_stays_a_NaN_in_BF16() =>
        Assert.True(float.IsNaN(BF16.ToSingle(BF16.Encode([BitConverter.UInt32BitsToSingle(0x7F800001)]))));

    [Fact]
    public void Spans_that_do_not_match_are_refused_with_the_numbers()
    {
        var format = BlockFormats.Of(DType.Q8_0);

        var error = Assert.Throws<ArgumentException>(() => format.Decode(new byte[34], new float[64]));

        Assert.Equal("64 values and 34 bytes do not match: Q8_0 holds 32 values in 34 bytes.", error.Message);
    }
}
