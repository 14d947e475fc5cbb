using System.Text;
using Minka.Models.Tokenization.Patterns;

namespace Minka.Models.Tokenization.Normalizing;

/// <summary>Changes text before it is split; holds no state and may be shared by threads.</summary>
internal interface INormalizer
{
    /// <summary>Returns the changed text.</summary>
    string Normalize(string text);
}

/// <summary>One of Unicode's normalisation forms.</summary>
internal sealed record FormNormalizer(UnicodeNormalization Form) : INormalizer
{
    /// <inheritdoc/>
    public string Normalize(string text) => Form.Normalize(text);
}

/// <summary>One after another.</summary>
internal sealed record SequenceNormalizer(IReadOnlyList<INormalizer> Steps) : INormalizer
{
    /// <inheritdoc/>
    public string Normalize(string text)
    {
        foreach (var step in Steps) text = step.Normalize(text);
        return text;
    }
}

/// <summary>Puts a text before every text that is not empty.</summary>
internal sealed record PrependNormalizer(string Prefix) : INormalizer
{
    /// <inheritdoc/>
    public string Normalize(string text) => text.Length == 0 ? text : Prefix + text;
}

/// <summary>Replaces one text by another.</summary>
internal sealed record ReplaceNormalizer(string Old, string New) : INormalizer
{
    /// <inheritdoc/>
    public string Normalize(string text) => text.Replace(Old, New, StringComparison.Ordinal);
}

/// <summary>Replaces what a pattern matches.</summary>
internal sealed record PatternReplaceNormalizer(Pattern Pattern, string New) : INormalizer
{
    /// <inheritdoc/>
    public string Normalize(string text)
    {
        var matches = new List<(int Start, int End)>();
        Pattern.FindAll(text, matches);
        if (matches.Count == 0) return text;

        var result = new StringBuilder(text.Length);
        var at = 0;
        foreach (var (start, end) in matches)
        {
            result.Append(text, at, start - at).Append(New);
            at = end;
        }
        return result.Append(text, at, text.Length - at).ToString();
    }
}

/// <summary>Lower case, each code point by itself.</summary>
internal sealed record LowercaseNormalizer : INormalizer
{
    // The dotted capital I is the one code point whose lower case is two.
    /// <inheritdoc/>
    public string Normalize(string text) =>
        text.Replace("\u0130", "i\u0307", StringComparison.Ordinal).ToLowerInvariant();
}

/// <summary>Takes white space off the ends.</summary>
internal sealed record StripNormalizer(bool Left, bool Right) : INormalizer
{
    /// <inheritdoc/>
    public string Normalize(string text)
    {
        if (Left) text = text.TrimStart();
        return Right ? text.TrimEnd() : text;
    }
}

/// <summary>Takes combining marks away.</summary>
internal sealed record StripAccentsNormalizer : INormalizer
{
    /// <inheritdoc/>
    public string Normalize(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if ((CharKinds.Of(rune.Value) & CharKind.Mark) == 0) result.Append(rune);
        }
        return result.ToString();
    }
}
