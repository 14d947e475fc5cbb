using System.Globalization;
using System.Text;

namespace Minka.Engine.Constraints;

/// <summary>A part between two tags, such as a call of one tool.</summary>
/// <param name="Begin">What it begins with; the name of the tool may be part of it.</param>
/// <param name="Content">What stands between; not tagged text again.</param>
/// <param name="End">What it ends with.</param>
public sealed record TaggedPart(string Begin, Constraint Content, string End);

/// <summary>Tagged parts, alone or within free text: how a model calls tools.</summary>
/// <remarks>
/// With <see cref="Triggers"/> the text is free until one of them is written, which begins a part; after the part it
/// is free again. Without, parts follow each other and nothing else does.
/// <code>
/// new TaggedText([new("&lt;tool_call&gt;\n{\"name\": \"add\", \"arguments\": ", schema, "}\n&lt;/tool_call&gt;")])
/// {
///     Triggers = ["&lt;tool_call&gt;"],
/// }
/// </code>
/// </remarks>
/// <param name="Parts">Ways to write a part; at least one.</param>
public sealed record TaggedText(IReadOnlyList<TaggedPart> Parts)
{
    /// <summary>What never stands in free text; every part begins with one of them. None: there is no free
    /// text.</summary>
    public IReadOnlyList<string> Triggers { get; init; } = [];

    /// <summary>Parts at least.</summary>
    public int Least { get; init; }

    /// <summary>Parts at most; <see cref="int.MaxValue"/> for any number.</summary>
    public int Most { get; init; } = int.MaxValue;

    /// <summary>Stands between parts where there is no free text.</summary>
    public string Separator { get; init; } = "";

    /// <summary>All of it in one text, so that equal ones are compiled once.</summary>
    internal string ToSource()
    {
        var source = new StringBuilder();
        Add(Number(Least));
        Add(Number(Most));
        Add(Separator);
        Add(Number(Triggers.Count));
        foreach (var trigger in Triggers) Add(trigger);
        foreach (var part in Parts)
        {
            Add(part.Begin);
            Add(Number((int)part.Content.Kind));
            Add(part.Content.Source);
            Add(part.End);
        }
        return source.ToString();

        // Each text after its length, so that nothing needs to be escaped.
        void Add(string text) => source.Append(text.Length).Append(':').Append(text);
    }

    /// <summary>Reads what <see cref="ToSource"/> wrote; null when it is something else.</summary>
    internal static TaggedText? Parse(string source)
    {
        var left = source.AsSpan();
        if (!TryNumber(ref left, out var least) || !TryNumber(ref left, out var most)
            || !TryTake(ref left, out var separator) || !TryNumber(ref left, out var triggerCount)) return null;
        List<string> triggers = [];
        for (var i = 0; i < triggerCount; i++)
        {
            if (!TryTake(ref left, out var trigger)) return null;
            triggers.Add(trigger);
        }
        List<TaggedPart> parts = [];
        while (!left.IsEmpty)
        {
            if (!TryTake(ref left, out var begin) || !TryNumber(ref left, out var kind)
                || !TryTake(ref left, out var content) || !TryTake(ref left, out var end)) return null;
            parts.Add(new(begin, new((ConstraintKind)kind, content), end));
        }
        return new(parts) { Least = least, Most = most, Separator = separator, Triggers = triggers };
    }

    private static bool TryNumber(ref ReadOnlySpan<char> left, out int number)
    {
        number = 0;
        return TryTake(ref left, out var text)
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    private static bool TryTake(ref ReadOnlySpan<char> left, out string text)
    {
        text = "";
        var colon = left.IndexOf(':');
        if (colon < 0 || !int.TryParse(left[..colon], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            || length > left.Length - colon - 1) return false;
        text = left.Slice(colon + 1, length).ToString();
        left = left[(colon + 1 + length)..];
        return true;
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
