namespace Minka.Models.Loading.Gguf;

/// <summary>Header, metadata and tensor table of one GGUF file, as its specification lays them out.</summary>
internal sealed class GgufReader
{
    private const int DefaultAlignment = 32;
    private const string CutShort = "the file is cut short or damaged, fetch it again.";

    private readonly FileBytes _file;
    private readonly ByteReader _reader;

    private GgufReader(FileBytes file)
    {
        _file = file;
        _reader = new ByteReader(file, 0, Math.Min(file.Length, FileLimits.GgufHeaderBytes));
    }

    public static GgufPart Read(FileBytes file) => new GgufReader(file).Read();

    /// <summary>A whole number; an unsigned one from 2⁶³ on counts as 2⁶³ - 1, which is as useless.</summary>
    public static long Integer(ByteReader reader, GgufValueType type, string what) => type switch
    {
        GgufValueType.UInt8 => reader.U8(what),
        GgufValueType.Int8 => (sbyte)reader.U8(what),
        GgufValueType.UInt16 => reader.U16(what),
        GgufValueType.Int16 => (short)reader.U16(what),
        GgufValueType.UInt32 => reader.U32(what),
        GgufValueType.Int32 => reader.I32(what),
        GgufValueType.Int64 => (long)reader.U64(what),
        GgufValueType.UInt64 => (long)Math.Min(reader.U64(what), long.MaxValue),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a whole number."),
    };

    /// <summary>A number, whole or not.</summary>
    public static double Number(ByteReader reader, GgufValueType type, string what) => type switch
    {
        GgufValueType.Float32 => reader.F32(what),
        GgufValueType.Float64 => reader.F64(what),
        _ => Integer(reader, type, what),
    };

    public static string Text(ByteReader reader, string what) =>
        reader.Text(Length(reader, FileLimits.StringBytes, what), what);

    private GgufPart Read()
    {
        if (!_reader.Take(4, "the magic number").SequenceEqual("GGUF"u8))
            throw new ModelFormatException($"'{_file.Path}' does not begin with GGUF.");
        var version = _reader.U32("the version");
        if (version is not (2 or 3)) throw new ModelFormatException(ExplainVersion(version));

        var tensors = Count(_reader.U64("the tensor count"), FileLimits.Tensors, bytesEach: 24, "tensors");
        var keys = Count(_reader.U64("the key count"), FileLimits.Keys, bytesEach: 13, "metadata keys");
        var metadata = new GgufMetadata(_file, ReadMetadata(keys));
        return new GgufPart((int)version, metadata, ReadTensors(tensors, Alignment(metadata)));
    }

    private Dictionary<string, object> ReadMetadata(int count)
    {
        var values = new Dictionary<string, object>(count);
        for (var i = 0; i < count; i++)
        {
            var key = _reader.Text(Length(_reader, FileLimits.KeyBytes, $"key {i}"), $"key {i}");
            var type = ReadValueType(key);
            object value = type switch
            {
                GgufValueType.String => Text(_reader, key),
                GgufValueType.Array => ReadArray(key, depth: 1),
                GgufValueType.Bool => _reader.U8(key) != 0,
                _ when type.IsInteger() => Integer(_reader, type, key),
                _ => Number(_reader, type, key),
            };
            if (!values.TryAdd(key, value))
                throw new ModelFormatException($"'{_file.Path}' has the key '{key}' twice; one may stand.");
        }
        return values;
    }

    /// <summary>Checks an array without keeping it.</summary>
    private GgufArray ReadArray(string key, int depth)
    {
        if (depth > FileLimits.ArrayDepth)
            throw new ModelFormatException(
                $"'{_file.Path}' nests arrays deeper than {FileLimits.ArrayDepth} in '{key}'.");

        var type = ReadValueType(key);
        var bytesEach = type switch { GgufValueType.String => 8, GgufValueType.Array => 12, _ => type.Bytes() };
        var count = Count(_reader.U64(key), FileLimits.ArrayElements, bytesEach, $"elements of '{key}'");
        var start = _reader.Position;

        if (type == GgufValueType.String)
        {
            for (var i = 0; i < count; i++) _reader.Skip(Length(_reader, FileLimits.StringBytes, key), key);
        }
        else if (type == GgufValueType.Array)
        {
            for (var i = 0; i < count; i++) ReadArray(key, depth + 1);
        }
        else
        {
            _reader.Skip((long)count * bytesEach, key);
        }
        return new GgufArray(type, count, start, _reader.Position);
    }

    private List<GgufTensor> ReadTensors(int count, int alignment)
    {
        var tensors = new List<GgufTensor>(count);
        var names = new HashSet<string>(count);
        for (var i = 0; i < count; i++)
        {
            var tensor = ReadTensor(i, alignment);
            if (!names.Add(tensor.Name))
                throw new ModelFormatException($"'{_file.Path}' has the tensor '{tensor.Name}' twice; one may stand.");
            tensors.Add(tensor);
        }
        var dataStart = (_reader.Position + alignment - 1) / alignment * alignment;
        for (var i = 0; i < count; i++) tensors[i] = tensors[i] with { Offset = tensors[i].Offset + dataStart };
        CheckPlaces(tensors);
        return tensors;
    }

    private GgufTensor ReadTensor(int index, int alignment)
    {
        var name = _reader.Text(Length(_reader, FileLimits.KeyBytes, $"the name of tensor {index}"), $"tensor {index}");
        var rank = _reader.U32(name);
        if (rank is < 1 or > FileLimits.GgufDimensions)
            throw new ModelFormatException($"Tensor '{name}' of '{_file.Path}' has {rank} dimensions; "
                + $"1 to {FileLimits.GgufDimensions} are allowed.");

        var shape = new long[rank];
        for (var i = shape.Length - 1; i >= 0; i--) shape[i] = ReadDimension(name);
        var typeId = _reader.U32(name);
        var type = GgufTensorType.Find(typeId)
            ?? throw new UnsupportedModelException($"tensor type {typeId}",
                $"Tensor '{name}' of '{_file.Path}' has the number format {typeId}, which Minka does not know.");
        var offset = _reader.U64(name);
        if (offset > (ulong)_file.Length)
            throw new ModelFormatException($"Tensor '{name}' begins at byte {offset} of the data, but '{_file.Path}' "
                + $"has {_file.Length}; {CutShort}");
        if (offset % (ulong)alignment != 0)
            throw new ModelFormatException($"Tensor '{name}' of '{_file.Path}' begins at byte {offset} of the data; "
                + $"a multiple of {alignment} is needed.");
        return new GgufTensor(name, type, shape, (long)offset, Size(name, type, shape), _file);
    }

    private long ReadDimension(string name)
    {
        var dimension = _reader.U64(name);
        if (dimension is < 1 or > long.MaxValue)
            throw new ModelFormatException($"Tensor '{name}' of '{_file.Path}' has a dimension of {dimension}.");
        return (long)dimension;
    }

    private long Size(string name, GgufTensorType type, long[] shape)
    {
        if (shape[^1] % type.BlockLength != 0)
            throw new ModelFormatException($"Tensor '{name}' of '{_file.Path}' has rows of {shape[^1]} values, "
                + $"which are no whole {type.Name} blocks of {type.BlockLength}.");
        var bytes = (UInt128)type.BlockBytes * (UInt128)(shape[^1] / type.BlockLength);
        for (var i = 0; i < shape.Length - 1 && bytes <= long.MaxValue; i++) bytes *= (UInt128)shape[i];
        if (bytes > (UInt128)_file.Length)
            throw new ModelFormatException($"Tensor '{name}' [{string.Join(", ", shape)}] needs more than the "
                + $"{_file.Length} bytes that '{_file.Path}' has; {CutShort}");
        return (long)bytes;
    }

    private void CheckPlaces(List<GgufTensor> tensors)
    {
        var end = 0L;
        var before = "";
        foreach (var tensor in tensors.OrderBy(t => t.Offset))
        {
            if (tensor.Offset < end)
                throw new ModelFormatException($"Tensors '{before}' and '{tensor.Name}' of '{_file.Path}' overlap.");
            end = tensor.Offset + tensor.Bytes;
            before = tensor.Name;
            if (end > _file.Length)
                throw new ModelFormatException($"Tensor '{tensor.Name}' ends at byte {end}, but '{_file.Path}' has "
                    + $"{_file.Length}; {CutShort}");
        }
    }

    private int Alignment(GgufMetadata metadata)
    {
        if (metadata.Kind("general.alignment") is null) return DefaultAlignment;
        if (metadata.TryGetInteger("general.alignment", out var value) && value <= 1 << 20 && long.IsPow2(value))
            return (int)value;
        throw new ModelFormatException($"'{_file.Path}' has a general.alignment that is no power of two up to 2^20.");
    }

    private GgufValueType ReadValueType(string key)
    {
        var type = _reader.U32(key);
        return type <= (uint)GgufValueType.Float64
            ? (GgufValueType)type
            : throw new ModelFormatException($"'{_file.Path}' gives '{key}' the value type {type}; 0 to 12 are known.");
    }

    private int Count(ulong count, int limit, int bytesEach, string what)
    {
        if (count > (ulong)limit)
            throw new ModelFormatException($"'{_file.Path}' announces {count} {what}; at most {limit} are read.");
        if ((long)count * bytesEach > _reader.Remaining)
            throw new ModelFormatException($"'{_file.Path}' announces {count} {what}, which take "
                + $"{(long)count * bytesEach} bytes at least, and {_reader.Remaining} are left; {CutShort}");
        return (int)count;
    }

    private static int Length(ByteReader reader, int limit, string what)
    {
        var length = reader.U64(what);
        if (length > (ulong)limit)
            throw new ModelFormatException($"The text of {what} claims {length} bytes; at most {limit} are read.");
        return (long)length <= reader.Remaining
            ? (int)length
            : throw new ModelFormatException(
                $"The text of {what} claims {length} bytes, and {reader.Remaining} are left; {CutShort}");
    }

    private string ExplainVersion(uint version) => version switch
    {
        1 => $"'{_file.Path}' is GGUF version 1, of August 2023; convert it again to version 2 or 3.",
        > 0xFFFF => $"'{_file.Path}' is a big-endian GGUF file; a little-endian one is needed.",
        _ => $"'{_file.Path}' is GGUF version {version}; versions 2 and 3 are read.",
    };
}

/// <summary>One GGUF file.</summary>
internal sealed record GgufPart(int Version, GgufMetadata Metadata, IReadOnlyList<GgufTensor> Tensors);

/// <summary>A tensor of a GGUF file, checked to lie within it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">How it is stored.</param>
/// <param name="Shape">Slowest dimension first.</param>
/// <param name="Offset">Its first byte in the file.</param>
/// <param name="Bytes">Size.</param>
/// <param name="File">The file it lies in.</param>
internal sealed record GgufTensor(
    string Name, GgufTensorType Type, IReadOnlyList<long> Shape, long Offset, long Bytes, FileBytes File);
