using System.Diagnostics.CodeAnalysis;

namespace Minka.Models.Loading.Gguf;

/// <summary>The key-value pairs of a GGUF file.</summary>
/// <remarks>
/// Numbers, flags and strings are held; arrays (a vocabulary of 256 k tokens) stay in the file and are read when asked
/// for, so ask before the file is disposed, and keep what you got.
/// </remarks>
public sealed class GgufMetadata
{
    private readonly FileBytes _file;
    private readonly Dictionary<string, object> _values;

    internal GgufMetadata(FileBytes file, Dictionary<string, object> values) => (_file, _values) = (file, values);

    /// <summary>All pairs in the file's order. An array appears as its <see cref="GgufArray"/>.</summary>
    public IEnumerable<(string Key, object Value)> Entries
    {
        get
        {
            foreach (var (key, value) in _values) yield return (key, value);
        }
    }

    /// <summary>A string; false when the key is absent or something else.</summary>
    public bool TryGetString(string key, [NotNullWhen(true)] out string? value)
    {
        value = _values.GetValueOrDefault(key) as string;
        return value is not null;
    }

    /// <summary>A whole number of any width; false when the key is absent or something else.</summary>
    public bool TryGetInteger(string key, out long value)
    {
        value = _values.GetValueOrDefault(key) is long number ? number : 0;
        return _values.GetValueOrDefault(key) is long;
    }

    /// <summary>A number, whole or not; false when the key is absent or something else.</summary>
    public bool TryGetFloat(string key, out double value)
    {
        (var found, value) = _values.GetValueOrDefault(key) switch
        {
            double number => (true, number),
            long number => (true, number),
            _ => (false, 0.0),
        };
        return found;
    }

    /// <summary>A flag; false when the key is absent or something else.</summary>
    public bool TryGetBool(string key, out bool value)
    {
        value = _values.GetValueOrDefault(key) is true;
        return _values.GetValueOrDefault(key) is bool;
    }

    /// <summary>An array of strings, read now; null when the key is absent or something else.</summary>
    /// <exception cref="IOException">The file went away.</exception>
    public string[]? Strings(string key) =>
        Find(key, type => type == GgufValueType.String) is not { } array ? null
        : Read(array, reader => GgufReader.Text(reader, key));

    /// <summary>An array of whole numbers, read now; null when the key is absent or something else.</summary>
    /// <exception cref="ModelFormatException">An element does not fit 32 bits.</exception>
    /// <exception cref="IOException">The file went away.</exception>
    public int[]? Integers(string key) =>
        Find(key, type => type.IsInteger()) is not { } array ? null
        : Read(array, reader => GgufReader.Integer(reader, array.Type, key) is var value && value == (int)value
            ? (int)value
            : throw new ModelFormatException($"'{_file.Path}' has a number in '{key}' that does not fit 32 bits."));

    /// <summary>An array of numbers, read now; null when the key is absent or something else.</summary>
    /// <exception cref="IOException">The file went away.</exception>
    public float[]? Floats(string key) =>
        Find(key, type => type.IsInteger() || type is GgufValueType.Float32 or GgufValueType.Float64) is not { } array
            ? null
            : Read(array, reader => (float)GgufReader.Number(reader, array.Type, key));

    /// <summary>What kind of value a key has, for messages; null when it is absent.</summary>
    internal string? Kind(string key) => _values.GetValueOrDefault(key) switch
    {
        null => null,
        string => "a string",
        bool => "a flag",
        double => "a fraction",
        GgufArray array => $"an array {array}",
        _ => "a whole number",
    };

    private GgufArray? Find(string key, Func<GgufValueType, bool> fits) =>
        _values.GetValueOrDefault(key) is GgufArray array && fits(array.Type) ? array : null;

    private T[] Read<T>(GgufArray array, Func<ByteReader, T> element)
    {
        var reader = new ByteReader(_file, array.Start, array.End);
        var elements = new T[array.Count];
        for (var i = 0; i < elements.Length; i++) elements[i] = element(reader);
        return elements;
    }
}

/// <summary>An array as it stands in the file: its kind and length, not its elements.</summary>
public sealed record GgufArray
{
    internal GgufArray(GgufValueType type, int count, long start, long end) =>
        (Type, Count, Start, End) = (type, count, start, end);

    /// <summary>Kind of the elements: <c>string</c>, <c>i32</c>, <c>f32</c>…</summary>
    public string ElementType => Type.Name();

    /// <summary>Elements.</summary>
    public int Count { get; }

    internal GgufValueType Type { get; }

    internal long Start { get; }

    internal long End { get; }

    /// <summary>Kind and length: <c>string[128256]</c>.</summary>
    public override string ToString() => $"{ElementType}[{Count}]";
}
