using System.Runtime.InteropServices;
using System.Text.Json;

namespace Minka.Golden;

/// <summary>Reads golden answers from a safetensors file, independently of the product's reader.</summary>
internal sealed class GoldenTensors
{
    private readonly byte[] _bytes;
    private readonly int _dataStart;
    private readonly JsonElement _header;

    public GoldenTensors(string file)
    {
        _bytes = File.ReadAllBytes(file);
        var length = (int)BitConverter.ToUInt64(_bytes);
        _dataStart = 8 + length;
        _header = JsonDocument.Parse(_bytes.AsMemory(8, length)).RootElement;
    }

    /// <summary>Whether there is a tensor of this name.</summary>
    public bool Has(string name) => _header.TryGetProperty(name, out _);

    /// <summary>An f32 tensor, flat.</summary>
    public float[] Floats(string name) => MemoryMarshal.Cast<byte, float>(Bytes(name, "F32")).ToArray();

    /// <summary>An i64 tensor, flat, as ints.</summary>
    public int[] Ids(string name)
    {
        var ids = MemoryMarshal.Cast<byte, long>(Bytes(name, "I64"));
        var result = new int[ids.Length];
        for (var i = 0; i < ids.Length; i++) result[i] = checked((int)ids[i]);
        return result;
    }

    private ReadOnlySpan<byte> Bytes(string name, string type)
    {
        var entry = _header.GetProperty(name);
        Assert.Equal(type, entry.GetProperty("dtype").GetString());
        var offsets = entry.GetProperty("data_offsets");
        var (start, end) = (offsets[0].GetInt32(), offsets[1].GetInt32());
        return _bytes.AsSpan(_dataStart + start, end - start);
    }
}
