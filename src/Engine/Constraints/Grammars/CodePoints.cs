namespace Minka.Engine.Constraints.Grammars;

/// <summary>A set of Unicode code points without surrogates, as sorted ranges that do not touch.</summary>
internal sealed class CodePoints
{
    private readonly (int First, int Last)[] _ranges;

    private CodePoints((int, int)[] ranges) => _ranges = ranges;

    /// <summary>Every code point that UTF-8 can hold.</summary>
    public static CodePoints All { get; } = new([(0, 0xD7FF), (0xE000, 0x10FFFF)]);

    /// <summary>Ranges, first to last, both included.</summary>
    public IReadOnlyList<(int First, int Last)> Ranges => _ranges;

    public bool IsEmpty => _ranges.Length == 0;

    public static CodePoints Of(params ReadOnlySpan<(int First, int Last)> ranges) =>
        new CodePoints(Normal(ranges.ToArray())).And(All);

    public static CodePoints Of(params ReadOnlySpan<char> characters)
    {
        var ranges = new (int, int)[characters.Length];
        for (var i = 0; i < ranges.Length; i++) ranges[i] = (characters[i], characters[i]);
        return Of(ranges);
    }

    public CodePoints Or(CodePoints other) => new(Normal([.. _ranges, .. other._ranges]));

    public CodePoints And(CodePoints other)
    {
        List<(int, int)> both = [];
        foreach (var (first, last) in _ranges)
            foreach (var (from, to) in other._ranges)
                if (Math.Max(first, from) <= Math.Min(last, to)) both.Add((Math.Max(first, from), Math.Min(last, to)));
        return new(Normal([.. both]));
    }

    public CodePoints Except(CodePoints other)
    {
        List<(int, int)> left = [];
        var start = 0;
        foreach (var (first, last) in other._ranges)
        {
            if (start < first) left.Add((start, first - 1));
            start = last + 1;
        }
        if (start <= 0x10FFFF) left.Add((start, 0x10FFFF));
        return And(new([.. left])).And(All);
    }

    private static (int, int)[] Normal((int First, int Last)[] ranges)
    {
        Array.Sort(ranges);
        List<(int First, int Last)> joined = [];
        foreach (var (first, last) in ranges)
        {
            if (first > last) continue;
            if (joined.Count > 0 && first <= joined[^1].Last + 1)
                joined[^1] = (joined[^1].First, Math.Max(joined[^1].Last, last));
            else joined.Add((first, last));
        }
        return [.. joined];
    }
}
