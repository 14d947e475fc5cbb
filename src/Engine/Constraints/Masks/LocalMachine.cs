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
    private readonly List<StackNode[]> _sets = [];
    private readonly List<int[]?> _next = [];
    private readonly List<bool> _canLeave = [];
    private StackNode _bottom = StackNode.Bottom();
    private int _rows;

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

    /// <summary>The grammar can be read in so many ways that no walk over the vocabulary ends.</summary>
    public bool HasOverflowed => _stepper.HasOverflowed || _sets.Count > SetsInOneWalkMax;

    /// <summary>Memory held, roughly.</summary>
    public long Bytes => _rows * 1_100L + _sets.Count * 200L;

    /// <summary>The set that holds one state alone. Numbers from before are void if too many sets were
    /// remembered.</summary>
    public int Begin(int state)
    {
        if (_sets.Count is 0 or > SetsMax)
        {
            _indexBySet.Clear();
            _sets.Clear();
            _next.Clear();
            _canLeave.Clear();
            _rows = 0;
            _bottom = StackNode.Bottom();
            IndexOf([]);
        }
        return IndexOf([_bottom.Push(state)]);
    }

    /// <summary>The set after a byte.</summary>
    public int After(int set, byte value)
    {
        if (_next[set] is not { } next)
        {
            _next[set] = next = NewRow();
            _rows++;
        }
        if (next[value] == Unknown) next[value] = IndexOf(_stepper.Step(_sets[set], value));
        return next[value];
    }

    /// <summary>Whether what <see cref="Begin"/> started with may end here, so that what is below it goes on.</summary>
    public bool CanLeave(int set) => _canLeave[set];

    private int IndexOf(StackNode[] stacks)
    {
        if (_indexBySet.TryGetValue(new(stacks), out var index)) return index;
        _indexBySet.Add(new(stacks), _sets.Count);
        _sets.Add(stacks);
        _next.Add(null);
        _canLeave.Add(_stepper.CanEnd(stacks));
        return _sets.Count - 1;
    }

    private static int[] NewRow()
    {
        var row = new int[256];
        Array.Fill(row, Unknown);
        return row;
    }
}
