using System.Runtime.InteropServices;
using System.Text.Json;
using Minka.Compute;
using Minka.Compute.Formats;

namespace Minka.Golden;

/// <summary>Blocks of every type in <c>golden/quants</c> against the values and bytes of the gguf package.</summary>
public class QuantVectors
{
    public static TheoryData<string> Decoded => Names(
        "dequantize", e => e.GetProperty("type").GetString()!);

    public static TheoryData<string> Encoded => Names("quantize", e => e.GetString()!);

    [Theory]
    [MemberData(nameof(Decoded))]
    public void Blocks_decode_to_the_reference_values_bit_by_bit(string name)
    {
        var format = Require(name);
        var blocks = File.ReadAllBytes(At($"{name}.blocks.bin"));
        var expected = Floats($"{name}.values.f32");
        var actual = new float[expected.Length];

        format.Decode(blocks, actual);

        for (var i = 0; i < expected.Length; i++)
            Assert.True(
                BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i])
                    || (float.IsNaN(expected[i]) && float.IsNaN(actual[i])),
                $"{name}: value {i} is {actual[i]:R}, the reference has {expected[i]:R}.");
    }

    [Theory]
    [MemberData(nameof(Encoded))]
    public void Values_are_rounded_to_the_reference_bytes(string name)
    {
        var format = Require(name);
        var values = Floats("quantize.input.f32");
        var expected = File.ReadAllBytes(At($"{name}.quantized.bin"));
        var actual = new byte[expected.Length];

        format.Encode(values, actual);

        var differs = expected.AsSpan().CommonPrefixLength(actual);
        Assert.True(
            differs == expected.Length,
            $"{name}: byte {differs} of block {differs / format.Type.BlockBytes()} differs from the reference.");
    }

    private static string At(string file) => SharedFolder.At("golden", "quants", file);

    private static BlockFormat Require(string name)
    {
        if (name.Length == 0) Assert.Skip($"{At("")} is absent; set MINKA_SHARED to a folder that has it.");
        if (!Enum.TryParse<DType>(name, out var type)) Assert.Skip($"{name} is not built yet.");
        return BlockFormats.Of(type);
    }

    private static float[] Floats(string file) =>
        MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(At(file))).ToArray();

    private static TheoryData<string> Names(string list, Func<JsonElement, string> name)
    {
        var index = At("index.json");
        if (!File.Exists(index)) return [""];
        using var document = JsonDocument.Parse(File.ReadAllBytes(index));
        return [.. document.RootElement.GetProperty(list).EnumerateArray().Select(name)];
    }
}
