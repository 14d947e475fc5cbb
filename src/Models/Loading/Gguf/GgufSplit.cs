using System.Globalization;
using System.Text.RegularExpressions;

namespace Minka.Models.Loading.Gguf;

/// <summary>Where the parts of a split model are: <c>name-00001-of-00003.gguf</c> and so on, side by side.</summary>
/// <param name="Prefix">Path up to the part's number.</param>
/// <param name="Number">The opened part, from 0.</param>
/// <param name="Count">Parts.</param>
internal sealed partial record GgufSplit(string Prefix, int Number, int Count)
{
    /// <summary>Whether a file is the first part of a model, or all of it, by its name.</summary>
    public static bool IsFirst(string path) =>
        PartName().Match(path) is var name && (!name.Success || name.Groups["number"].Value == "00001");

    /// <summary>Null for a model in one file.</summary>
    public static GgufSplit? Find(string path, GgufMetadata metadata)
    {
        if (!metadata.TryGetInteger("split.count", out var count) || count == 1) return null;
        if (count is < 1 or > FileLimits.GgufParts)
            throw new ModelFormatException($"'{path}' is one of {count} parts; 1 to {FileLimits.GgufParts} are read.");

        var name = PartName().Match(path);
        if (!name.Success || int.Parse(name.Groups["count"].Value, CultureInfo.InvariantCulture) != count)
            throw new ModelFormatException($"'{path}' is one of {count} parts, whose names must end in "
                + $"'-00001-of-{count:D5}.gguf' and so on; give the parts their names back.");

        var number = int.Parse(name.Groups["number"].Value, CultureInfo.InvariantCulture) - 1;
        var split = new GgufSplit(name.Groups["prefix"].Value, number, (int)count);
        split.CheckNumber(path, metadata, number);
        return split;
    }

    /// <summary>Opens the other parts; the result is in order, the first part has the metadata.</summary>
    /// <param name="opened">The part already read.</param>
    /// <param name="files">Receives every file opened, for its owner to dispose.</param>
    public IReadOnlyList<GgufPart> OpenOthers(GgufPart opened, List<FileBytes> files)
    {
        var parts = new GgufPart[Count];
        for (var i = 0; i < Count; i++)
        {
            if (i == Number)
            {
                parts[i] = opened;
                continue;
            }
            var path = PathOf(i);
            if (!File.Exists(path))
                throw new ModelFormatException($"Part {i + 1} of the model's {Count} is missing: there is no '{path}'; "
                    + "fetch all parts into one folder.");
            var file = FileBytes.Open(path);
            files.Add(file);
            parts[i] = GgufReader.Read(file);
            CheckNumber(path, parts[i].Metadata, i);
        }
        CheckTotal(parts);
        return parts;
    }

    private string PathOf(int number) => $"{Prefix}-{number + 1:D5}-of-{Count:D5}.gguf";

    private void CheckNumber(string path, GgufMetadata metadata, int expected)
    {
        if (!metadata.TryGetInteger("split.no", out var number) || number != expected
            || !metadata.TryGetInteger("split.count", out var count) || count != Count)
            throw new ModelFormatException($"'{path}' is named part {expected + 1} of {Count}, but its split.no and "
                + "split.count say otherwise; the parts are of different models or were renamed.");
    }

    private void CheckTotal(GgufPart[] parts)
    {
        var total = parts.Sum(part => part.Tensors.Count);
        if (parts[0].Metadata.TryGetInteger("split.tensors.count", out var expected) && expected != total)
            throw new ModelFormatException($"The {Count} parts of '{PathOf(0)}' hold {total} tensors together; "
                + $"split.tensors.count says {expected}.");
    }

    [GeneratedRegex(@"^(?<prefix>.*)-(?<number>[0-9]{5})-of-(?<count>[0-9]{5})\.gguf$", RegexOptions.Singleline)]
    private static partial Regex PartName();
}
