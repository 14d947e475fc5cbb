using System.Runtime.CompilerServices;
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
        Assert.Equal(40, Unsafe.SizeOf<ActivationBlock>());
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
