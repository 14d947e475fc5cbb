using System.Runtime.InteropServices;
using Minka.Engine.Constraints.Automata;

namespace Minka.Engine.Constraints.Masks;

/// <summary>One sequence's way through a grammar. Remembers every position, so guesses can be taken back.</summary>
/// <remarks>Its lists grow with the text and its masks are used again, so that a token allocates nothing.</remarks>
internal sealed class ConstraintMatcher
{
    private const int NoOverflow = int.MaxValue;

    private readonly GrammarMasks _masks;
    private readonly Stepper _stepper;
    private readonly RecentMasks _recent;
    private readonly List<int> _tokens = [];

    /// <summary>The stacks at every position, one position after the other; where each begins, and the end.</summary>
    private readonly List<StackNode> _stacks = [];
    private readonly List<int> _starts = [0];
    private readonly List<StackNode> _before = [], _after = [];
    private int _overflowAt = NoOverflow;

    public ConstraintMatcher(GrammarMasks masks)
    {
        _masks = masks;
        _stepper = new Stepper(masks.Grammar);
        _recent = new RecentMasks(masks.Vocabulary.Count);
        _stacks.Add(masks.Grammar.Begin());
        _starts.Add(1);
    }

    /// <summary>The text can be read in too many ways to be followed any further: nothing may come.</summary>
    public bool HasOverflowed => _overflowAt <= _tokens.Count;

    /// <summary>Whether the text may end here.</summary>
    public bool CanEnd => _stepper.CanEnd(Stacks);

    /// <summary>Whether a single byte may follow, so that a single token may: to know it takes no mask.</summary>
    public bool IsOneByteNext => _stepper.IsOneByteNext(Stacks);

    /// <summary>Whether the text must end here.</summary>
    public bool IsComplete => CanEnd && !_stepper.CanGoOn(Stacks);

    private ReadOnlySpan<StackNode> Stacks => CollectionsMarshal.AsSpan(_stacks)[_starts[^2].._starts[^1]];

    /// <summary>Goes to the end of a text, forward or back.</summary>
    public void MoveTo(ReadOnlySpan<int> text)
    {
        var same = text.CommonPrefixLength(CollectionsMarshal.AsSpan(_tokens));
        if (same < _tokens.Count)
        {
            _tokens.RemoveRange(same, _tokens.Count - same);
            _starts.RemoveRange(same + 2, _starts.Count - same - 2);
            _stacks.RemoveRange(_starts[^1], _stacks.Count - _starts[^1]);
            if (_overflowAt > same) _overflowAt = NoOverflow;
        }
        foreach (var token in text[same..]) Append(token);
    }

    /// <summary>Goes one token on.</summary>
    public void Append(int token)
    {
        _before.Clear();
        _before.AddRange(Stacks);
        _tokens.Add(token);
        foreach (var value in _masks.Vocabulary.BytesOf(token))
        {
            if (_stepper.TryStep(CollectionsMarshal.AsSpan(_before), value, _after))
            {
                _before.Clear();
                _before.AddRange(_after);
                continue;
            }
            _before.Clear();
            _overflowAt = Math.Min(_overflowAt, _tokens.Count);
            break;
        }
        _stacks.AddRange(_before);
        _starts.Add(_stacks.Count);
    }

    /// <summary>Tokens that may come next; valid until the text goes on.</summary>
    public TokenMask Allowed()
    {
        var stacks = Stacks;
        if (_recent.TryGet(stacks, out var mask)) return mask;
        foreach (var stack in stacks)
        {
            if (_masks.TryAdd(stack, _stepper, mask)) continue;
            mask.Clear();
            _overflowAt = Math.Min(_overflowAt, _tokens.Count);
            break;
        }
        return mask;
    }
}
