namespace Minka.Models.Tokenization.Patterns;

/// <summary>A part of a parsed regular expression.</summary>
internal abstract record PatternNode
{
    /// <summary>Fewest code points it takes.</summary>
    public abstract int MinWidth { get; }

    /// <summary>How many code points it always takes; null when that varies.</summary>
    public abstract int? FixedWidth { get; }

    /// <summary>One code point of a set.</summary>
    internal sealed record One(CharSet Set) : PatternNode
    {
        public override int MinWidth => 1;

        public override int? FixedWidth => 1;
    }

    /// <summary>One after another.</summary>
    internal sealed record Sequence(IReadOnlyList<PatternNode> Parts) : PatternNode
    {
        public override int MinWidth { get; } = Parts.Aggregate(0, (sum, part) => Clamp(sum + (long)part.MinWidth));

        public override int? FixedWidth { get; } = Parts.Aggregate(
            (int?)0, (sum, part) => sum is { } s && part.FixedWidth is { } w ? Clamp(s + (long)w) : null);
    }

    /// <summary>The first that leads to a match.</summary>
    internal sealed record Choice(IReadOnlyList<PatternNode> Options) : PatternNode
    {
        public override int MinWidth { get; } = Options.Min(option => option.MinWidth);

        public override int? FixedWidth { get; } =
            Options.All(option => option.FixedWidth == Options[0].FixedWidth) ? Options[0].FixedWidth : null;
    }

    /// <summary>Again and again.</summary>
    /// <param name="Body">What is repeated.</param>
    /// <param name="Min">At least.</param>
    /// <param name="Max">At most; <see cref="int.MaxValue"/> for no limit.</param>
    /// <param name="Mood">Which count is tried first.</param>
    internal sealed record Repeat(PatternNode Body, int Min, int Max, RepeatMood Mood) : PatternNode
    {
        public override int MinWidth { get; } = Clamp((long)Min * Body.MinWidth);

        public override int? FixedWidth { get; } =
            Min == Max && Body.FixedWidth is { } width ? Clamp((long)Min * width) : null;
    }

    /// <summary>A look ahead or behind; takes nothing.</summary>
    internal sealed record Look(PatternNode Body, bool IsBehind, bool IsNegative) : PatternNode
    {
        public override int MinWidth => 0;

        public override int? FixedWidth => 0;
    }

    /// <summary>Matches as its body does and never gives back.</summary>
    internal sealed record Atomic(PatternNode Body) : PatternNode
    {
        public override int MinWidth => Body.MinWidth;

        public override int? FixedWidth => Body.FixedWidth;
    }

    /// <summary>A condition on the place; takes nothing.</summary>
    internal sealed record Anchor(AnchorKind Kind) : PatternNode
    {
        public override int MinWidth => 0;

        public override int? FixedWidth => 0;
    }

    private static int Clamp(long width) => (int)Math.Min(width, int.MaxValue);
}

/// <summary>Which count a repetition tries first.</summary>
internal enum RepeatMood
{
    /// <summary>The most, then fewer.</summary>
    Greedy,

    /// <summary>The fewest, then more.</summary>
    Lazy,

    /// <summary>The most, and nothing else.</summary>
    Possessive,
}

/// <summary>Conditions on a place in the text.</summary>
internal enum AnchorKind
{
    /// <summary><c>\A</c></summary>
    TextStart,

    /// <summary><c>\z</c></summary>
    TextEnd,

    /// <summary><c>\Z</c>: the end, or before a last line feed.</summary>
    TextEndOrLastLine,

    /// <summary><c>^</c>: the start of a line, as Ruby has it.</summary>
    LineStart,

    /// <summary><c>$</c>: the end of a line, as Ruby has it.</summary>
    LineEnd,

    /// <summary><c>\b</c></summary>
    WordEdge,

    /// <summary><c>\B</c></summary>
    NoWordEdge,
}
