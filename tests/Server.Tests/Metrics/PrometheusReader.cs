using System.Globalization;
using System.Text.RegularExpressions;

namespace Minka.Server.Tests.Metrics;

/// <summary>One sample of an exposition.</summary>
internal sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
{
    /// <summary>Name and sorted labels: what must be unique.</summary>
    public string Series =>
        Name + "{" + string.Join(',', Labels.OrderBy(l => l.Key).Select(l => $"{l.Key}={l.Value}")) + "}";
}

/// <summary>A family: what its HELP and TYPE lines say, and its samples.</summary>
internal sealed record Family(string Name, string Help, string Type, List<Sample> Samples);

/// <summary>Reads Prometheus' text format 0.0.4 as its documentation states it, and refuses everything else.</summary>
internal static partial class PrometheusReader
{
    /// <summary>Reads a whole exposition.</summary>
    /// <exception cref="FormatException">Any rule is broken.</exception>
    public static Dictionary<string, Family> Read(string text)
    {
        if (!text.EndsWith('\n')) throw new FormatException("The last line must end with a line feed.");
        if (text.Contains('\r')) throw new FormatException("Lines end with a line feed alone.");
        var families = new Dictionary<string, Family>();
        Family? current = null;
        string? help = null;
        foreach (var line in text[..^1].Split('\n'))
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                var parts = line[7..].Split(' ', 2);
                if (families.ContainsKey(parts[0])) throw new FormatException($"Two families '{parts[0]}'.");
                if (Regex.IsMatch(parts[1], @"(?<!\\)(\\\\)*\\[^n\\]")) throw new FormatException($"Escape: {line}");
                help = parts[1];
                current = new(parts[0], help, "", []);
            }
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                var parts = line[7..].Split(' ');
                if (parts is not [var name, "counter" or "gauge" or "histogram"] || name != current?.Name
                    || help is null)
                    throw new FormatException($"TYPE does not follow its HELP: {line}");
                families.Add(name, current = current with { Type = parts[1] });
                help = null;
            }
            else
            {
                var sample = ReadSample(line);
                if (current is null || help is not null || !Belongs(sample.Name, current))
                    throw new FormatException($"No TYPE before: {line}");
                current.Samples.Add(sample);
            }
        }
        foreach (var family in families.Values) Check(family);
        return families;
    }

    private static bool Belongs(string name, Family family) => family.Type == "histogram"
        ? name == family.Name + "_bucket" || name == family.Name + "_sum" || name == family.Name + "_count"
        : name == family.Name;

    private static Sample ReadSample(string line)
    {
        var match = SampleLine().Match(line);
        if (!match.Success) throw new FormatException($"Not a sample: '{line}'");
        var labels = new Dictionary<string, string>();
        for (var i = 0; i < match.Groups["label"].Captures.Count; i++)
        {
            var value = match.Groups["text"].Captures[i].Value;
            labels.Add(match.Groups["label"].Captures[i].Value,
                Regex.Replace(value, @"\\(.)", m => m.Groups[1].Value == "n" ? "\n" : m.Groups[1].Value));
        }
        var number = match.Groups["number"].Value;
        return new(match.Groups["name"].Value, labels, number switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            "NaN" => double.NaN,
            _ => double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture),
        });
    }

    private static void Check(Family family)
    {
        if (family.Samples.Count == 0) throw new FormatException($"{family.Name} has no sample.");
        if (family.Samples.GroupBy(s => s.Series).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new FormatException($"Twice: {twice.Key}");
        if (family.Type == "counter" && !family.Samples.All(s => s.Value >= 0 && s.Name.EndsWith("_total")))
            throw new FormatException($"{family.Name} is no counter.");
        if (family.Type == "histogram")
            foreach (var series in family.Samples.GroupBy(s =>
                new Sample("", s.Labels.Where(l => l.Key != "le").ToDictionary(), 0).Series))
                CheckHistogram(family.Name, [.. series]);
    }

    private static void CheckHistogram(string name, List<Sample> samples)
    {
        var buckets = samples.Where(s => s.Name == name + "_bucket").ToList();
        var bounds = buckets.Select(b => b.Labels["le"] == "+Inf" ? double.PositiveInfinity
            : double.Parse(b.Labels["le"], CultureInfo.InvariantCulture)).ToList();
        if (!bounds.SequenceEqual(bounds.Order()) || bounds.Distinct().Count() != bounds.Count)
            throw new FormatException($"The bounds of {name} do not rise.");
        if (bounds.Count == 0 || !double.IsPositiveInfinity(bounds[^1]))
            throw new FormatException($"{name} has no +Inf bucket.");
        for (var i = 1; i < buckets.Count; i++)
            if (buckets[i].Value < buckets[i - 1].Value) throw new FormatException($"{name} is not cumulative.");
        var count = samples.Single(s => s.Name == name + "_count").Value;
        if (!buckets[^1].Value.Equals(count)) throw new FormatException($"{name}: +Inf and _count differ.");
        _ = samples.Single(s => s.Name == name + "_sum");
    }

    private const string Name = "[a-zA-Z_:][a-zA-Z0-9_:]*";
    private const string Label = @"(?<label>[a-zA-Z_][a-zA-Z0-9_]*)=""(?<text>([^""\\\n]|\\[\\""n])*)""";
    private const string Number = @"\+Inf|-Inf|NaN|-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?";

    [GeneratedRegex("^(?<name>" + Name + @")(\{" + Label + "(," + Label + @")*\})? (?<number>" + Number + ")$",
        RegexOptions.ExplicitCapture)]
    private static partial Regex SampleLine();
}
