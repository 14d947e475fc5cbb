using System.Runtime.InteropServices;
using Minka.Engine.Constraints.Automata;

namespace Minka.Engine.Constraints.Masks;

/// <summary>
/// A grammar seen from one state, with nothing known of what is below it: sets of stacks, numbered, with their
/// transitions remembered. Walks over the vocabulary meet the same few sets again and again.
/// </summary>
internal sealed class LocalMachine(Grammar grammar)
{
    /// <summary>No stack goes on.</summary>
    public const int Dead = 0;

    private const int Unknown = -1;

    // Sets that are remembered from one walk to the next, and in one walk.
    private const int SetsMax = 4_096, SetsInOneWalkMax = 16_384;

    private readonly Stepper _stepper = new(grammar);
    private readonly Dictionary<Key, int> _indexBySet = [];
    private readonly List<Set> _sets = [];
    private readonly List<StackNode> _after = [];
    private StackNode _bottom = StackNode.Bottom();
    private int _rows, _stacks;

    private readonly record struct Key(StackNode[] Stacks)
    {
        public bool Equals(Key other) => Stacks.AsSpan().SequenceEqual(other.Stacks);

        public override int GetHashCode()
        {
            var hash = new HashCode();
            foreach (var stack in Stacks) hash.Add(stack);
            return hash.ToHashCode();
        }
    }

    private sealed class Set(StackNode[] stacks, bool canLeave)
    {
        public StackNode[] Stacks { get; } = stacks;

        public bool CanLeave { get; } = canLeave;

        public int Height { get; } = stacks.Length == 0 ? 0 : stacks.Max(stack => stack.Height);

        public int[]? Next { get; set; }
    }

    /// <summary>In this walk the grammar could be read in so many ways that it has no result.</summary>
    public bool HasOverflowed { get; private set; }

    /// <summary>Memory held, roughly.</summary>
    public long Bytes => _rows * 1_100L + _sets.Count * 160L + _stacks * 80L;

    /// <summary>Starts a walk: the set that holds one state alone. Numbers from before may be void.</summary>
    public int Begin(int state)
    {
        if (_sets.Count is 0 or > SetsMax || HasOverflowed) Forget();
        return IndexOf([grammar.Push(_bottom, state)]);
    }

    /// <summary>The set after a byte.</summary>
    public int After(int set, byte value)
    {
        if (_sets[set].Next is not { } next)
        {
            _sets[set].Next = next = NewRow();
            _rows++;
        }
        if (next[value] == Unknown) next[value] = Step(set, value);
        return next[value];
    }

    /// <summary>Whether what <see cref="Begin"/> started with may end here, so that what is below it goes on.</summary>
    public bool CanLeave(int set) => _sets[set].CanLeave;

    /// <summary>How deep the stacks of a set must become until their rules end, counted from what
    /// <see cref="Begin"/> started with, which is 1.</summary>
    public int HeightOf(int set) => _sets[set].Height;

    private int Step(int set, byte value)
    {
        HasOverflowed |= !_stepper.TryStep(_sets[set].Stacks, value, _after) || _sets.Count > SetsInOneWalkMax;
        return HasOverflowed ? Dead : IndexOf(CollectionsMarshal.AsSpan(_after));
    }

    private int IndexOf(ReadOnlySpan<StackNode> stacks)
    {
        var key = new Key(stacks.ToArray());
        if (_indexBySet.TryGetValue(key, out var index)) return index;
        _indexBySet.Add(key, _sets.Count);
        _sets.Add(new(key.Stacks, _stepper.CanEnd(key.Stacks)));
        _stacks += key.Stacks.Length;
        return _sets.Count - 1;
    }

    private void Forget()
    {
        _indexBySet.Clear();
        _sets.Clear();
        (_rows, _stacks, HasOverflowed) = (0, 0, false);
        _bottom = StackNode.Bottom();
        IndexOf([]);
    }

    private static int[] NewRow()
    {
        var row = new int[256];
        Array.Fill(row, Unknown);
        return row;
    }
}
