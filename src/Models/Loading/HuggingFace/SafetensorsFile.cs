using System.Buffers.Binary;
using System.Text.Json;
using Minka.Compute;

namespace Minka.Models.Loading.HuggingFace;

/// <summary>One safetensors file: a JSON header that says where each tensor lies, then the tensors.</summary>
internal sealed class SafetensorsFile : IDisposable
{
    private const int LengthBytes = 8;

    private static readonly Dictionary<string, int> _bytesByType = new()
    {
        ["F64"] = 8, ["I64"] = 8, ["U64"] = 8, ["C64"] = 8, ["F32"] = 4, ["I32"] = 4, ["U32"] = 4, ["F16"] = 2,
        ["BF16"] = 2, ["I16"] = 2, ["U16"] = 2, ["I8"] = 1, ["U8"] = 1, ["BOOL"] = 1, ["F8_E4M3"] = 1, ["F8_E5M2"] = 1,
        ["F8_E8M0"] = 1, ["F8_E4M3FNUZ"] = 1, ["F8_E5M2FNUZ"] = 1,
    };

    private readonly FileBytes _file;

    private SafetensorsFile(FileBytes file)
    {
        _file = file;
        Span<byte> start = stackalloc byte[LengthBytes];
        if (file.Length < LengthBytes) throw TooShort(LengthBytes);
        file.Read(0, start);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (length > FileLimits.SafetensorsHeaderBytes)
            throw new ModelFormatException($"'{Path}' announces a header of {length} bytes; "
                + $"at most {FileLimits.SafetensorsHeaderBytes} are read.");
        if ((long)length > file.Length - LengthBytes) throw TooShort((long)length + LengthBytes);

        var header = new byte[length];
        file.Read(LengthBytes, header);
        Tensors = JsonText.Guard(Path, () => ReadHeader(header, LengthBytes + header.Length));
        CheckPlaces(LengthBytes + header.Length);
    }

    public string Path => _file.Path;

    /// <summary>All tensors by name, in the header's order.</summary>
    public IReadOnlyDictionary<string, SafetensorsTensor> Tensors { get; }

    /// <exception cref="ModelFormatException">It is no sound safetensors file.</exception>
    public static SafetensorsFile Open(string path)
    {
        var file = FileBytes.Open(path);
        try
        {
            return new SafetensorsFile(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Whether a file that begins so means to be safetensors: a length of 32 bits, then a brace.</summary>
    public static bool IsStart(ReadOnlySpan<byte> start) => start.Length > LengthBytes
        && start[LengthBytes] == '{'
        && BinaryPrimitives.ReadUInt64LittleEndian(start) <= uint.MaxValue;

    public void Dispose() => _file.Dispose();

    private Dictionary<string, SafetensorsTensor> ReadHeader(byte[] header, long dataStart)
    {
        var tensors = new Dictionary<string, SafetensorsTensor>();
        var reader = new Utf8JsonReader(header);
        JsonText.Expect(ref reader, JsonTokenType.StartObject, "the header");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            if (name == "__metadata__")
            {
                reader.Skip();
                continue;
            }
            if (tensors.Count == FileLimits.Tensors)
                throw new ModelFormatException($"'{Path}' has more than {FileLimits.Tensors} tensors.");
            if (!tensors.TryAdd(name, ReadTensor(ref reader, name, dataStart)))
                throw new ModelFormatException($"'{Path}' has the tensor '{name}' twice; one may stand.");
        }
        while (reader.Read()) { }   // What follows the header's brace may only be white space.
        return tensors;
    }

    private SafetensorsTensor ReadTensor(ref Utf8JsonReader reader, string name, long dataStart)
    {
        string? type = null;
        long[]? shape = null, offsets = null;
        JsonText.Expect(ref reader, JsonTokenType.StartObject, name);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("dtype")) type = reader.Read() ? reader.GetString() : null;
            else if (reader.ValueTextEquals("shape")) shape = JsonText.Integers(ref reader, FileLimits.Dimensions);
            else if (reader.ValueTextEquals("data_offsets")) offsets = JsonText.Integers(ref reader, 2);
            else reader.Skip();
        }
        if (type is null || shape is null || offsets is not [var begin, var end])
            throw new ModelFormatException($"Tensor '{name}' of '{Path}' lacks its dtype, shape or two data_offsets.");

        var bytes = Size(name, type, shape);
        if (begin < 0 || end < begin || end - begin != bytes)
            throw new ModelFormatException(
                $"{Describe(name, type, shape)} takes {bytes} bytes, but lies at [{begin}, {end}).");
        if (end > _file.Length - dataStart) throw TooShort(end + dataStart);
        return new SafetensorsTensor(name, type, shape, dataStart + begin, bytes, _file);
    }

    private long Size(string name, string type, long[] shape)
    {
        if (!_bytesByType.TryGetValue(type, out var each))
            throw new UnsupportedModelException($"tensor type {type}",
                $"Tensor '{name}' of '{Path}' is stored as {type}, which Minka does not know.");
        if (shape.Any(dimension => dimension < 0))
            throw new ModelFormatException($"{Describe(name, type, shape)} has a negative dimension.");
        if (shape.Contains(0)) return 0;

        UInt128 bytes = (uint)each;
        foreach (var dimension in shape)
        {
            bytes *= (UInt128)dimension;
            if (bytes > (UInt128)_file.Length)
                throw new ModelFormatException(
                    $"{Describe(name, type, shape)} takes more than the {_file.Length} bytes of the file; "
                    + "it is cut short or damaged, fetch it again.");
        }
        return (long)bytes;
    }

    /// <summary>Tensors must fill the data without gaps or overlaps, so that no byte is unaccounted for.</summary>
    private void CheckPlaces(long dataStart)
    {
        var end = dataStart;
        foreach (var tensor in Tensors.Values.OrderBy(t => t.Offset).ThenBy(t => t.Bytes))
        {
            if (tensor.Offset != end)
                throw new ModelFormatException($"Tensor '{tensor.Name}' of '{Path}' begins at byte {tensor.Offset} and "
                    + $"the one before it ends at byte {end}; neither gap nor overlap may be.");
            end += tensor.Bytes;
        }
        if (end != _file.Length)
            throw new ModelFormatException($"'{Path}' has {_file.Length} bytes, but its tensors end at byte {end}; "
                + "it is damaged, fetch it again.");
    }

    private string Describe(string name, string type, long[] shape) =>
        $"Tensor '{name}' of '{Path}', {type} [{string.Join(", ", shape)}],";

    private ModelFormatException TooShort(long needed) => new(
        $"'{Path}' has {_file.Length} bytes, but its header needs {needed}; it is cut short, fetch it again.");
}

/// <summary>A tensor of a safetensors file, checked to lie within it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its dtype, as the file spells it.</param>
/// <param name="Shape">Slowest dimension first.</param>
/// <param name="Offset">Its first byte in the file.</param>
/// <param name="Bytes">Size.</param>
/// <param name="File">The file it lies in.</param>
internal sealed record SafetensorsTensor(
    string Name, string Type, IReadOnlyList<long> Shape, long Offset, long Bytes, FileBytes File)
{
    /// <summary>All of it as it is stored; for small tensors.</summary>
    public byte[] ReadBytes()
    {
        var bytes = new byte[Bytes];
        File.Read(Offset, bytes);
        return bytes;
    }

    /// <exception cref="UnsupportedModelException">It is not stored as F32, F16 or BF16.</exception>
    public FileWeightSource AsWeight()
    {
        var type = Type switch
        {
            "F32" => DType.F32,
            "F16" => DType.F16,
            "BF16" => DType.BF16,
            _ => throw new UnsupportedModelException($"tensor type {Type}",
                $"Tensor '{Name}' of '{File.Path}' is stored as {Type}; Minka computes with F32, F16 and BF16."),
        };
        return FileWeightSource.Create(Name, type, Shape, File, Offset);
    }
}
