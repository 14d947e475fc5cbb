namespace Minka.Models.Loading.Dllama;

/// <summary>The header of distributed-llama's files: magic, header size, then pairs of key and value.</summary>
internal sealed class DllamaPairs
{
    private readonly string _path;
    private readonly Dictionary<int, int> _values = [];

    private DllamaPairs(string path) => _path = path;

    /// <summary>Reads the header's size and pairs; the magic number is read already.</summary>
    /// <param name="reader">Behind the magic number.</param>
    /// <param name="path">For messages.</param>
    /// <param name="lastKey">Keys go from 0 to this one. Another key may mean another layout.</param>
    public static DllamaPairs Read(ByteReader reader, string path, int lastKey)
    {
        var size = reader.I32("the header size");
        if (size < 8 || size % 8 != 0 || size - 8 > (lastKey + 1) * 8)
            throw new ModelFormatException($"'{path}' has a header of {size} bytes; "
                + $"8 and 8 for each of at most {lastKey + 1} pairs are needed.");

        var pairs = new DllamaPairs(path);
        for (var i = 0; i < size / 8 - 1; i++)
        {
            var key = reader.I32("a header key");
            var value = reader.I32("a header value");
            if (key < 0 || key > lastKey)
                throw new ModelFormatException($"'{path}' has the header key {key}; keys 0 to {lastKey} are known.");
            if (!pairs._values.TryAdd(key, value))
                throw new ModelFormatException($"'{path}' has the header key {key} twice; one may stand.");
        }
        return pairs;
    }

    public bool Has(int key) => _values.ContainsKey(key);

    public int Get(int key, int otherwise) => _values.GetValueOrDefault(key, otherwise);

    /// <summary>A value within bounds; without <paramref name="otherwise"/> it must be there.</summary>
    public int Need(int key, string name, int least, int most, int? otherwise = null)
    {
        if (!_values.TryGetValue(key, out var value))
            return otherwise ?? throw new ModelFormatException($"'{_path}' does not give its {name} (key {key}).");
        return value >= least && value <= most
            ? value
            : throw new ModelFormatException($"'{_path}' gives {value} as its {name} (key {key}); "
                + $"{least} to {most} are allowed.");
    }
}
