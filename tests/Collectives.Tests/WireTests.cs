namespace Minka.Collectives.Tests;

public sealed class WireTests
{
    [Theory]
    [InlineData("f32", 4096, 16384)]
    [InlineData("f16", 4096, 8192)]
    [InlineData("q8", 4096, 4352)]
    [InlineData("q8", 33, 34 + 3)]
    [InlineData("q8", 31, 33)]
    [InlineData("q8", 0, 0)]
    public void A_message_has_the_bytes_that_the_format_says(string wire, int values, int bytes) =>
        Assert.Equal(bytes, Wires.Wires.Named(wire).Bytes(values));

    [Fact]
    public void Q8_is_a_scale_and_signed_bytes()
    {
        // The largest is 254, so the scale is 2 (0x4000 as a half) and every even number is exact.
        float[] values = [254, -254, 2, 0, -100];
        var bytes = Encode("q8", values);

        Assert.Equal([0x00, 0x40, 127, 0x81, 1, 0, 0xCE], bytes);
        Assert.Equal(values, Decode("q8", bytes, 5));
    }

    [Theory]
    [InlineData("f32", 0)]
    [InlineData("f16", 1 / 2048.0)]
    [InlineData("q8", 1 / 253.0)]
    public void Values_come_back_within_the_format_and_adding_adds_them(string name, double error)
    {
        var random = new Random(8);
        foreach (var length in new[] { 1, 7, 16, 31, 32, 33, 63, 500, 513, 4097 })
        {
            var values = Enumerable.Range(0, length)
                .Select(_ => (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-3, 4)))).ToArray();
            var bytes = Encode(name, values);
            var decoded = Decode(name, bytes, length);
            var sums = values.ToArray();
            Wires.Wires.Named(name).Add(bytes, sums);

            for (var i = 0; i < length; i++)
            {
                var block = values.AsSpan(i / 32 * 32);
                var largest = name == "q8" ? block[..Math.Min(32, block.Length)].ToArray().Max(Math.Abs)
                    : Math.Abs(values[i]);
                Assert.InRange(decoded[i], values[i] - (largest * error) - 1e-7, values[i] + (largest * error) + 1e-7);
                Assert.Equal(values[i] + decoded[i], sums[i]);
            }
        }
    }

    [Theory]
    [InlineData("f16")]
    [InlineData("q8")]
    public void Huge_values_saturate_and_nan_stays_nan(string name)
    {
        Assert.InRange(Decode(name, Encode(name, [1e9f]), 1)[0], 65504, 127 * 65504f);
        Assert.InRange(Decode(name, Encode(name, [-1e9f]), 1)[0], -127 * 65504f, -65504);
        Assert.True(float.IsNaN(Decode(name, Encode(name, [1, float.NaN, 2]), 3)[1]));
    }

    [Theory]
    [InlineData("f32")]
    [InlineData("f16")]
    [InlineData("q8")]
    public void As_many_values_fit_as_it_says(string name)
    {
        var wire = Wires.Wires.Named(name);
        foreach (var bytes in new[] { 128, 4096, 5000, 1 << 20 })
        {
            Assert.Equal(0, wire.Values(bytes) % 32);
            Assert.InRange(wire.Bytes(wire.Values(bytes)), 1, bytes);
            Assert.True(wire.Bytes(wire.Values(bytes) + 32) > bytes);
        }
    }

    private static byte[] Encode(string wire, float[] values)
    {
        var bytes = new byte[Wires.Wires.Named(wire).Bytes(values.Length)];
        Wires.Wires.Named(wire).Encode(values, bytes);
        return bytes;
    }

    private static float[] Decode(string wire, byte[] bytes, int count)
    {
        var values = new float[count];
        Wires.Wires.Named(wire).Decode(bytes, values);
        return values;
    }
}
