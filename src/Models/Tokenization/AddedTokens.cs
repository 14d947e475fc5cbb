using System.Buffers;
using System.Text;
using Minka.Models.Tokenization.Patterns;

namespace Minka.Models.Tokenization;

/// <summary>A token that is found in text as it stands, before any splitting.</summary>
/// <param name="Id">Token id.</param>
/// <param name="Content">What is looked for, never empty.</param>
/// <param name="IsSpecial">Steers the model; not part of what it says.</param>
internal sealed record AddedToken(int Id, string Content, bool IsSpecial)
{
    /// <summary>Not found inside a word.</summary>
    public bool IsSingleWord { get; init; }

    /// <summary>Takes the white space before it.</summary>
    public bool StripsLeft { get; init; }

    /// <summary>Takes the white space behind it.</summary>
    public bool StripsRight { get; init; }

    /// <summary>Looked for in normalised text.</summary>
    public bool IsNormalized { get; init; }
}

/// <summary>A stretch of text, or one added token in it.</summary>
/// <param name="Start">First UTF-16 unit.</param>
/// <param name="End">One past the last.</param>
/// <param name="Id">Token id; -1 for text.</param>
internal readonly record struct Section(int Start, int End, int Id);

/// <summary>Finds added tokens: leftmost first, of those the longest.</summary>
internal sealed class AddedTokens
{
    /// <summary>Longest content that is accepted; it bounds the search at each place.</summary>
    public const int LengthMax = 1_024;

    private readonly Dictionary<(int Node, char Unit), int> _edges = [];
    private readonly List<AddedToken?> _ends = [null];
    private readonly SearchValues<char> _firstUnits;

    /// <summary>A finder for tokens, each with its own content.</summary>
    /// <exception cref="ModelFormatException">A content is empty, too long, or there twice.</exception>
    public AddedTokens(IReadOnlyList<AddedToken> tokens)
    {
        foreach (var token in tokens) Enter(token);
        _firstUnits = SearchValues.Create([.. tokens.Select(token => token.Content[0]).Distinct()]);
        IsEmpty = tokens.Count == 0;
    }

    /// <summary>There is nothing to find.</summary>
    public bool IsEmpty { get; }

    private void Enter(AddedToken token)
    {
        if (token.Content.Length is 0 or > LengthMax)
        {
            throw new ModelFormatException($"Added token {token.Id} is {token.Content.Length} characters long; "
                + $"1 to {LengthMax} are accepted.");
        }
        var node = 0;
        foreach (var unit in token.Content)
        {
            if (!_edges.TryGetValue((node, unit), out var next))
            {
                next = _ends.Count;
                _edges.Add((node, unit), next);
                _ends.Add(null);
            }
            node = next;
        }
        if (_ends[node] is { } other)
            throw new ModelFormatException($"Added tokens {other.Id} and {token.Id} have the same text; one may.");
        _ends[node] = token;
    }

    /// <summary>Cuts a text into stretches and tokens; none of them is empty.</summary>
    /// <remarks>White space that a token takes may hold another one; both are there then, as in Hugging Face.</remarks>
    /// <param name="text">What is searched.</param>
    /// <param name="parseSpecial">Special tokens are found; otherwise they stay text.</param>
    public List<Section> Cut(ReadOnlySpan<char> text, bool parseSpecial)
    {
        var sections = new List<Section>();
        var (open, at) = (0, 0);
        while (TryFind(text, ref at, out var end, out var token))
        {
            var start = at;
            at = end;
            if ((token.IsSpecial && !parseSpecial) || (token.IsSingleWord && IsInWord(text, start, end))) continue;
            if (token.StripsLeft) start = Math.Max(open, text[..start].TrimEnd().Length);
            if (token.StripsRight) end = text.Length - text[end..].TrimStart().Length;
            if (start > open) sections.Add(new Section(open, start, -1));
            if (end > start) sections.Add(new Section(start, end, token.Id));
            open = end;
        }
        if (open < text.Length) sections.Add(new Section(open, text.Length, -1));
        return sections;
    }

    /// <summary>Puts a unit behind the first one of every token in a text, so that none is found in it any more.
    /// </summary>
    public string Guard(string text, char unit)
    {
        var guarded = new StringBuilder();
        var (open, at) = (0, 0);
        while (!IsEmpty && TryFind(text, ref at, out _, out _))
        {
            at++;
            guarded.Append(text, open, at - open).Append(unit);
            open = at;
        }
        return open == 0 ? text : guarded.Append(text, open, text.Length - open).ToString();
    }

    private bool TryFind(ReadOnlySpan<char> text, ref int at, out int end, out AddedToken token)
    {
        while (at < text.Length && text[at..].IndexOfAny(_firstUnits) is var skip and >= 0)
        {
            at += skip;
            if (LongestAt(text, at, out end) is { } found)
            {
                token = found;
                return true;
            }
            at++;
        }
        (end, token) = (at, null!);
        return false;
    }

    private AddedToken? LongestAt(ReadOnlySpan<char> text, int start, out int end)
    {
        AddedToken? longest = null;
        var node = 0;
        end = start;
        for (var at = start; at < text.Length && _edges.TryGetValue((node, text[at]), out node);)
        {
            at++;
            if (_ends[node] is not { } token) continue;
            (longest, end) = (token, at);
        }
        return longest;
    }

    private static bool IsInWord(ReadOnlySpan<char> text, int start, int end) =>
        (start > 0 && IsWord(text, CharKinds.Before(text, start))) || (end < text.Length && IsWord(text, end));

    private static bool IsWord(ReadOnlySpan<char> text, int at) =>
        CharSets.PlainWord.Contains(CharKinds.CodePointAt(text, at, out _));
}
