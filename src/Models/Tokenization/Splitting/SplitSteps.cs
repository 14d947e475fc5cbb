using System.Text;
using Minka.Models.Tokenization.Patterns;

namespace Minka.Models.Tokenization.Splitting;

/// <summary>Cuts by one of the hand-written scanners.</summary>
internal sealed record ScannerSplit(WordScanner Scanner) : ISplitStep
{
    /// <inheritdoc/>
    public void Apply(Pieces pieces)
    {
        var cut = new List<(int, int)>(pieces.Items.Count + pieces.Text.Length / 4);
        foreach (var (start, end) in pieces.Items)
        {
            var text = pieces.Text.AsSpan(start, end - start);
            for (var at = 0; at < text.Length;)
            {
                var next = Scanner.Next(text, at);
                cut.Add((start + at, start + next));
                at = next;
            }
        }
        pieces.Cut(cut);
    }
}

/// <summary>What becomes of the text that a pattern matches.</summary>
internal enum SplitBehavior
{
    /// <summary>It is a piece of its own.</summary>
    Isolated,

    /// <summary>It is dropped.</summary>
    Removed,

    /// <summary>It ends the piece before it.</summary>
    MergedWithPrevious,

    /// <summary>It begins the piece behind it.</summary>
    MergedWithNext,

    /// <summary>Matches that touch are one piece.</summary>
    Contiguous,
}

/// <summary>Cuts where a pattern matches.</summary>
/// <param name="Pattern">What to look for; looks do not see beyond the piece.</param>
/// <param name="Behavior">What becomes of a match.</param>
/// <param name="IsInverted">The text between matches is treated as the match.</param>
internal sealed record PatternSplit(Pattern Pattern, SplitBehavior Behavior, bool IsInverted = false) : ISplitStep
{
    /// <inheritdoc/>
    public void Apply(Pieces pieces)
    {
        var cut = new List<(int, int)>();
        var matches = new List<(int Start, int End)>();
        var spans = new List<(int Start, int End, bool IsMatch)>();
        foreach (var (start, end) in pieces.Items)
        {
            matches.Clear();
            spans.Clear();
            Pattern.FindAll(pieces.Text.AsSpan(start, end - start), matches);
            Cover(matches, end - start, spans);
            foreach (var span in Join(spans))
            {
                if (span.End > span.Start) cut.Add((start + span.Start, start + span.End));
            }
        }
        pieces.Cut(cut);
    }

    private void Cover(List<(int Start, int End)> matches, int length, List<(int, int, bool)> spans)
    {
        var at = 0;
        foreach (var (start, end) in matches)
        {
            if (start > at) spans.Add((at, start, IsInverted));
            spans.Add((start, end, !IsInverted));
            at = end;
        }
        if (at < length) spans.Add((at, length, IsInverted));
    }

    private List<(int Start, int End)> Join(List<(int Start, int End, bool IsMatch)> spans)
    {
        var joined = new List<(int Start, int End)>(spans.Count);
        var wasMatch = false;
        var isBackward = Behavior == SplitBehavior.MergedWithNext;
        for (var i = 0; i < spans.Count; i++)
        {
            var (start, end, isMatch) = isBackward ? spans[^(i + 1)] : spans[i];
            var isJoined = joined.Count > 0 && Behavior switch
            {
                SplitBehavior.MergedWithPrevious or SplitBehavior.MergedWithNext => isMatch && !wasMatch,
                SplitBehavior.Contiguous => isMatch == wasMatch,
                _ => false,
            };
            wasMatch = isMatch;
            if (isMatch && Behavior == SplitBehavior.Removed) continue;
            if (!isJoined) joined.Add((start, end));
            else joined[^1] = isBackward ? (start, joined[^1].End) : (joined[^1].Start, end);
        }
        if (isBackward) joined.Reverse();
        return joined;
    }
}

/// <summary>SentencePiece's way with spaces: each becomes a visible letter and begins a piece.</summary>
/// <param name="Replacement">The letter, usually U+2581.</param>
/// <param name="Prepend">Where a letter is put before the text.</param>
/// <param name="IsSplit">Pieces begin at the letters; otherwise nothing is cut.</param>
internal sealed record MetaspaceSplit(char Replacement, PrependScheme Prepend, bool IsSplit) : ISplitStep
{
    /// <inheritdoc/>
    public void Apply(Pieces pieces)
    {
        var text = new StringBuilder(pieces.Text.Length + 8);
        var cut = new List<(int, int)>();
        foreach (var (start, end) in pieces.Items)
        {
            var from = text.Length;
            var piece = pieces.Text.AsSpan(start, end - start);
            var isFirst = pieces.IsAtStart && start == 0;
            var isWanted = Prepend == PrependScheme.Always || (Prepend == PrependScheme.First && isFirst);
            if (isWanted && piece[0] != Replacement && piece[0] != ' ') text.Append(Replacement);
            text.Append(piece).Replace(' ', Replacement, from, text.Length - from);
            AddCuts(text, from, cut);
        }
        pieces.Rewrite(text.ToString(), cut);
    }

    private void AddCuts(StringBuilder text, int from, List<(int, int)> cut)
    {
        if (!IsSplit)
        {
            cut.Add((from, text.Length));
            return;
        }
        var written = text.ToString(from, text.Length - from);
        for (var start = 0; start < written.Length;)
        {
            var next = written.IndexOf(Replacement, start + 1);
            var end = next < 0 ? written.Length : next;
            cut.Add((from + start, from + end));
            start = end;
        }
    }
}

/// <summary>Cuts before each run of a mark, for vocabularies without tokens that reach into a next word.</summary>
/// <remarks>Merges cannot cross such a place, so the tokens are the same and the work is done word by word.</remarks>
internal sealed record WordStartSplit(char Mark) : ISplitStep
{
    /// <inheritdoc/>
    public void Apply(Pieces pieces)
    {
        var cut = new List<(int, int)>();
        foreach (var (start, end) in pieces.Items)
        {
            var from = start;
            for (var at = start + 1; at < end; at++)
            {
                if (pieces.Text[at] != Mark || pieces.Text[at - 1] == Mark) continue;
                cut.Add((from, at));
                from = at;
            }
            cut.Add((from, end));
        }
        pieces.Cut(cut);
    }
}

/// <summary>Where SentencePiece's space letter is put before a text.</summary>
internal enum PrependScheme
{
    /// <summary>Before every stretch between added tokens.</summary>
    Always,

    /// <summary>Before the very first.</summary>
    First,

    /// <summary>Nowhere.</summary>
    Never,
}

/// <summary>Puts a space before a piece that has none, as GPT-2's <c>add_prefix_space</c> asks.</summary>
internal sealed record SpacePrefix : ISplitStep
{
    /// <inheritdoc/>
    public void Apply(Pieces pieces)
    {
        var text = new StringBuilder(pieces.Text.Length + 1);
        var items = new List<(int, int)>(pieces.Items.Count);
        foreach (var (start, end) in pieces.Items)
        {
            var from = text.Length;
            if (pieces.Text[start] != ' ') text.Append(' ');
            text.Append(pieces.Text, start, end - start);
            items.Add((from, text.Length));
        }
        pieces.Rewrite(text.ToString(), items);
    }
}

/// <summary>Writes pieces in GPT-2's byte letters, for steps that must see them so.</summary>
internal sealed record ByteLetterSplit : ISplitStep
{
    /// <inheritdoc/>
    public void Apply(Pieces pieces)
    {
        var text = new StringBuilder(pieces.Text.Length * 2);
        var items = new List<(int, int)>(pieces.Items.Count);
        foreach (var (start, end) in pieces.Items)
        {
            var from = text.Length;
            foreach (var b in Encoding.UTF8.GetBytes(pieces.Text, start, end - start)) text.Append(ByteLetters.Of(b));
            items.Add((from, text.Length));
        }
        pieces.Rewrite(text.ToString(), items);
        pieces.IsByteLetters = true;
    }
}
