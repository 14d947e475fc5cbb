using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Minka.Models.Tests.Loading.Writers;

/// <summary>Writes safetensors files.</summary>
internal sealed class SafetensorsWriter
{
    private readonly List<(string Name, string Type, long[] Shape, byte[] Bytes)> _tensors = [];

    /// <summary>Adds a tensor as it is stored.</summary>
    public SafetensorsWriter Add(string name, string type, long[] shape, byte[] bytes)
    {
        _tensors.Add((name, type, shape, bytes));
        return this;
    }

    /// <summary>Adds a tensor of F32.</summary>
    public SafetensorsWriter Add(string name, long[] shape, params float[] values) =>
        Add(name, "F32", shape, [.. values.SelectMany(BitConverter.GetBytes)]);

    public byte[] ToArray()
    {
        var offset = 0L;
        List<string> entries = ["\"__metadata__\":{\"format\":\"pt\"}"];
        foreach (var (name, type, shape, bytes) in _tensors)
        {
            var end = offset + bytes.Length;
            var dimensions = string.Join(",", shape);
            entries.Add(string.Create(CultureInfo.InvariantCulture, $$"""
                "{{name}}":{"dtype":"{{type}}","shape":[{{dimensions}}],"data_offsets":[{{offset}},{{end}}]}
                """));
            offset = end;
        }
        return Raw($"{{{string.Join(",", entries)}}}", [.. _tensors.SelectMany(t => t.Bytes)]);
    }

    /// <summary>A file of any header, padded with spaces as the format allows.</summary>
    public static byte[] Raw(string header, byte[] data)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var padding = (8 - text.Length % 8) % 8;
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length + padding);
        return [.. length, .. text, .. Enumerable.Repeat((byte)' ', padding), .. data];
    }
}
