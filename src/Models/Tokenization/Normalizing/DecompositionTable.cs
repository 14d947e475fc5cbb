using System.Globalization;

namespace Minka.Models.Tokenization.Normalizing;

/// <summary>Decompositions, compositions and combining classes, from the embedded <c>Decompositions.txt</c>.</summary>
internal sealed class DecompositionTable
{
    private readonly Dictionary<int, byte> _classes = [];
    private readonly Dictionary<(int, int), int> _compositions = [];
    private readonly HashSet<int> _seconds = [];
    private readonly HashSet<int> _composed = [];

    private DecompositionTable() { }

    /// <summary>Full canonical decompositions, Hangul aside.</summary>
    public Dictionary<int, int[]> Canonical { get; } = [];

    /// <summary>Full compatibility decompositions, canonical ones among them.</summary>
    public Dictionary<int, int[]> Compatibility { get; } = [];

    /// <summary>Combining class; 0 for starters.</summary>
    public byte Class(int point) => _classes.GetValueOrDefault(point);

    /// <summary>Whether a code point is the second half of a composition.</summary>
    public bool IsSecond(int point) => _seconds.Contains(point);

    /// <summary>Whether a code point is what its own decomposition composes to.</summary>
    public bool Composes(int point) => _composed.Contains(point);

    /// <summary>Finds the composition of two code points.</summary>
    public bool TryCompose(int first, int second, out int composed) =>
        _compositions.TryGetValue((first, second), out composed);

    /// <summary>Reads the embedded table.</summary>
    public static DecompositionTable Load()
    {
        using var stream = typeof(DecompositionTable).Assembly.GetManifestResourceStream("Decompositions.txt")
            ?? throw new InvalidOperationException("Minka.Models was built without its resource Decompositions.txt.");
        using var reader = new StreamReader(stream);

        var table = new DecompositionTable();
        var canonical = new Dictionary<int, int[]>();
        var compatibility = new Dictionary<int, int[]>();
        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0 || line[0] == '#') continue;
            if (line[0] == '@') table.AddClasses(line);
            else table.AddDecomposition(line, canonical, compatibility);
        }
        foreach (var point in canonical.Keys) table.Canonical[point] = [.. Expand(point, canonical, canonical)];
        foreach (var point in canonical.Keys.Concat(compatibility.Keys))
        {
            table.Compatibility[point] = [.. Expand(point, canonical, compatibility)];
        }
        return table;
    }

    private void AddClasses(string line)
    {
        var fields = line[1..].Split(' ');
        var combiningClass = byte.Parse(fields[0], CultureInfo.InvariantCulture);
        foreach (var range in fields.AsSpan(1))
        {
            var ends = range.Split('-');
            for (var point = Hex(ends[0]); point <= Hex(ends[^1]); point++) _classes[point] = combiningClass;
        }
    }

    private void AddDecomposition(string line, Dictionary<int, int[]> canonical, Dictionary<int, int[]> compatibility)
    {
        var fields = line.Split(' ');
        var flag = fields[0][^1];
        var point = Hex(fields[0].TrimEnd('!', '~'));
        var parts = fields.Skip(1).Select(Hex).ToArray();
        (flag == '~' ? compatibility : canonical)[point] = parts;
        if (flag is '!' or '~') return;

        _compositions[(parts[0], parts[1])] = point;
        _seconds.Add(parts[1]);
        _composed.Add(point);
    }

    private static IEnumerable<int> Expand(int point, Dictionary<int, int[]> first, Dictionary<int, int[]> second) =>
        first.TryGetValue(point, out var parts) || second.TryGetValue(point, out parts)
            ? parts.SelectMany(part => Expand(part, first, second))
            : [point];

    private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
