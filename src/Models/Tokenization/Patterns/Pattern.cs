namespace Minka.Models.Tokenization.Patterns;

/// <summary>A regular expression over code points, safe to take from an untrusted file.</summary>
/// <remarks>
/// Why not .NET's <c>Regex</c>: it sees UTF-16 units, so a letter outside the basic plane is no letter to it; it has no
/// possessive quantifiers, set intersections or scripts; and its time-out is a wall clock. This one counts steps.
/// </remarks>
internal sealed class Pattern
{
    private readonly PatternStep[] _steps;

    private Pattern(string source, PatternStep[] steps) => (Source, _steps) = (source, steps);

    /// <summary>The pattern as it was written.</summary>
    public string Source { get; }

    /// <summary>Reads a pattern.</summary>
    /// <exception cref="ModelFormatException">It is malformed, too large, or uses what is not supported.</exception>
    public static Pattern Parse(string source)
    {
        if (source.Length > 20_000)
        {
            throw new ModelFormatException(
                $"A tokenizer pattern of {source.Length:N0} characters is longer than the 20,000 that are accepted.");
        }
        return new Pattern(source, PatternProgram.Compile(PatternParser.Parse(source), source));
    }

    /// <summary>A pattern that is exactly one text.</summary>
    public static Pattern Literal(string text)
    {
        var parts = text.EnumerateRunes().Select(rune => new PatternNode.One(CharSet.Single(rune.Value, false)));
        return new Pattern(text, PatternProgram.Compile(new PatternNode.Sequence([.. parts]), text));
    }

    /// <summary>Finds every match from left to right.</summary>
    /// <remarks>A match may be empty, but not right behind another; that is how Oniguruma's iterator goes on.</remarks>
    /// <param name="text">What is searched; looks do not see beyond it.</param>
    /// <param name="matches">Receives start and end of each match.</param>
    /// <exception cref="ModelFormatException">The pattern needs too many steps on this text.</exception>
    public void FindAll(ReadOnlySpan<char> text, List<(int Start, int End)> matches)
    {
        var matcher = new PatternMatcher(_steps, text, Source);
        var (from, last) = (0, -1);
        while (from <= text.Length && matcher.TryFind(from, out var start, out var end))
        {
            if (start == end && start == last)
            {
                if (start >= text.Length) return;
                CharKinds.CodePointAt(text, start, out var width);
                from = start + width;
                continue;
            }
            matches.Add((start, end));
            (from, last) = (end, end);
        }
    }
}
