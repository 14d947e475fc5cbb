using System.Globalization;
using System.Text;

namespace Minka.Models.Tests.Loading.Writers;

/// <summary>Writes GGUF files, sound ones and, by its switches, unsound ones.</summary>
internal sealed class GgufWriter
{
    private readonly List<(string Key, object Value)> _pairs = [];
    private readonly List<(string Name, long[] Shape, uint Type, byte[] Bytes)> _tensors = [];

    public uint Version { get; init; } = 3;

    public int Alignment { get; init; } = 32;

    /// <summary>Adds a pair; an array becomes an array, whose elements are of its element type.</summary>
    public GgufWriter Add(string key, object value)
    {
        _pairs.Add((key, value));
        return this;
    }

    /// <summary>Adds a tensor as it is stored.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">ggml's number of the format.</param>
    /// <param name="shape">Slowest dimension first.</param>
    /// <param name="bytes">Its blocks.</param>
    public GgufWriter AddTensor(string name, uint type, long[] shape, byte[] bytes)
    {
        _tensors.Add((name, shape, type, bytes));
        return this;
    }

    /// <summary>Adds a tensor of floats.</summary>
    public GgufWriter AddTensor(string name, long[] shape, params float[] values) =>
        AddTensor(name, 0, shape, [.. values.SelectMany(BitConverter.GetBytes)]);

    public byte[] ToArray()
    {
        var stream = new MemoryStream();
        var writer = new BinaryWriter(stream);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write((ulong)_tensors.Count);
        writer.Write((ulong)_pairs.Count);
        foreach (var (key, value) in _pairs)
        {
            WriteText(writer, key);
            writer.Write(TypeOf(value));
            WriteValue(writer, value);
        }
        WriteTable(writer);
        foreach (var (_, _, _, bytes) in _tensors)
        {
            Pad(stream);
            writer.Write(bytes);
        }
        Pad(stream);
        return stream.ToArray();
    }

    private void WriteTable(BinaryWriter writer)
    {
        var offset = 0L;
        foreach (var (name, shape, type, bytes) in _tensors)
        {
            WriteText(writer, name);
            writer.Write((uint)shape.Length);
            foreach (var dimension in shape.Reverse()) writer.Write(dimension);
            writer.Write(type);
            writer.Write(offset);
            offset += (bytes.Length + Alignment - 1) / Alignment * Alignment;
        }
    }

    private void Pad(MemoryStream stream)
    {
        while (stream.Length % Alignment != 0) stream.WriteByte(0);
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static uint TypeOf(object value) => value switch
    {
        byte => 0,
        sbyte => 1,
        ushort => 2,
        short => 3,
        uint => 4,
        int => 5,
        float => 6,
        bool => 7,
        string => 8,
        Array => 9,
        ulong => 10,
        long => 11,
        double => 12,
        _ => throw new ArgumentException($"GGUF has no {value.GetType()}."),
    };

    private static void WriteValue(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case string text:
                WriteText(writer, text);
                break;
            case Array array:
                writer.Write(array.Length > 0 ? TypeOf(array.GetValue(0)!) : 4);
                writer.Write((ulong)array.Length);
                foreach (var element in array) WriteValue(writer, element!);
                break;
            default:
                writer.Write(Scalar(value));
                break;
        }
    }

    private static byte[] Scalar(object value) => value switch
    {
        bool flag => [flag ? (byte)1 : (byte)0],
        byte number => [number],
        sbyte number => [(byte)number],
        ushort or short => BitConverter.GetBytes((short)Convert.ToInt32(value, CultureInfo.InvariantCulture)),
        uint number => BitConverter.GetBytes(number),
        int number => BitConverter.GetBytes(number),
        ulong number => BitConverter.GetBytes(number),
        long number => BitConverter.GetBytes(number),
        float number => BitConverter.GetBytes(number),
        double number => BitConverter.GetBytes(number),
        _ => throw new ArgumentException($"GGUF has no {value.GetType()}."),
    };
}
