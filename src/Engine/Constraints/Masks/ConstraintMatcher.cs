using System.Runtime.InteropServices;
using Minka.Engine.Constraints.Automata;

namespace Minka.Engine.Constraints.Masks;

/// <summary>One sequence's way through a grammar. Remembers every position, so that guesses can be taken
/// back.</summary>
internal sealed class ConstraintMatcher
{
    private const int CachedMax = 32;

    private readonly GrammarMasks _masks;
    private readonly Stepper _stepper;
    private readonly List<int> _tokens = [];
    private readonly List<StackNode[]> _stacks = [];
    private readonly Dictionary<StackNode, TokenMask> _maskByStack = [];

    public ConstraintMatcher(GrammarMasks masks)
    {
        _masks = masks;
        _stepper = new Stepper(masks.Grammar);
        _stacks.Add([StackNode.Bottom().Push(masks.Grammar.Start)]);
    }

    /// <summary>Whether the text may end here.</summary>
    public bool CanEnd => _stepper.CanEnd(_stacks[^1]);

    /// <summary>Whether the text can be read in too many ways to go on.</summary>
    public bool HasOverflowed => _stepper.HasOverflowed;

    /// <summary>Whether the text must end here.</summary>
    public bool IsComplete => CanEnd && !_stepper.CanGoOn(_stacks[^1]);

    /// <summary>Goes to the end of a text, forward or back.</summary>
    public void MoveTo(ReadOnlySpan<int> text)
    {
        var same = text.CommonPrefixLength(CollectionsMarshal.AsSpan(_tokens));
        _tokens.RemoveRange(same, _tokens.Count - same);
        _stacks.RemoveRange(same + 1, _stacks.Count - same - 1);
        foreach (var token in text[same..]) Append(token);
    }

    /// <summary>Goes one token on.</summary>
    public void Append(int token)
    {
        var stacks = _stacks[^1];
        foreach (var value in _masks.Vocabulary.BytesOf(token)) stacks = _stepper.Step(stacks, value);
        _tokens.Add(token);
        _stacks.Add(stacks);
    }

    /// <summary>Tokens that may come next.</summary>
    public TokenMask Allowed()
    {
        var stacks = _stacks[^1];
        if (stacks.Length == 1) return Allowed(stacks[0]);
        var together = new TokenMask(_masks.Vocabulary.Count);
        foreach (var stack in stacks) together.Add(Allowed(stack));
        return together;
    }

    private TokenMask Allowed(StackNode stack)
    {
        if (_maskByStack.TryGetValue(stack, out var mask)) return mask;
        if (_maskByStack.Count >= CachedMax) _maskByStack.Clear();
        _maskByStack.Add(stack, mask = _masks.Of(stack));
        return mask;
    }
}
