using Minka.Engine.Constraints.Grammars;

namespace Minka.Engine.Constraints.Automata;

/// <summary>Makes one rule deterministic by the subset construction, and leaves out states that never reach its
/// end.</summary>
internal sealed class StateSets(RuleGraph graph, RuleAnalysis analysis, int end, CompileBudget budget)
{
    private const int StatesMax = 8_000;

    private readonly Dictionary<Key, int> _indexBySet = [];
    private readonly List<int[]> _sets = [];
    private readonly List<GrammarState> _states = [];

    /// <summary>A set of nodes, compared by content.</summary>
    private readonly record struct Key(int[] Nodes)
    {
        public bool Equals(Key other) => Nodes.AsSpan().SequenceEqual(other.Nodes);

        public override int GetHashCode()
        {
            var hash = new HashCode();
            foreach (var node in Nodes) hash.Add(node);
            return hash.ToHashCode();
        }
    }

    /// <summary>States of the rule; the first is its start.</summary>
    public List<GrammarState> Run(int start)
    {
        IndexOf([start]);
        for (var i = 0; i < _sets.Count; i++) _states.Add(StateOf(_sets[i]));
        return WithoutDeadEnds();
    }

    private int IndexOf(IEnumerable<int> nodes)
    {
        var set = analysis.Closure(nodes);
        budget.Spend(set.Length * 4);
        if (_indexBySet.TryGetValue(new(set), out var index)) return index;
        if (_sets.Count == StatesMax)
            throw new GrammarException($"A rule needs more than {StatesMax:N0} states; use fewer repetitions.");
        _indexBySet.Add(new(set), _sets.Count);
        _sets.Add(set);
        return _sets.Count - 1;
    }

    private GrammarState StateOf(int[] set)
    {
        var edges = set.SelectMany(node => graph.Nodes[node].Bytes).ToArray();
        SortedSet<int> cuts = [.. edges.Select(edge => (int)edge.Low), .. edges.Select(edge => edge.High + 1)];
        budget.Spend((long)edges.Length * cuts.Count);
        List<RuleGraph.ByteEdge> bytes = [];
        var from = -1;
        foreach (var cut in cuts)
        {
            if (from >= 0) AddRange(edges, from, cut - 1, bytes);
            from = cut;
        }

        var calls = set.SelectMany(node => graph.Nodes[node].Calls)
            .Where(call => analysis.IsProductive[call.Rule])
            .GroupBy(call => call.Rule)
            .Select(calls => new RuleGraph.CallEdge(calls.Key, IndexOf(calls.Select(call => call.To))))
            .ToArray();
        return new([.. bytes], calls, Array.BinarySearch(set, end) >= 0);
    }

    private void AddRange(RuleGraph.ByteEdge[] edges, int low, int high, List<RuleGraph.ByteEdge> bytes)
    {
        var targets = edges.Where(edge => edge.Low <= low && high <= edge.High).Select(edge => edge.To).ToArray();
        if (targets.Length == 0) return;
        var to = IndexOf(targets);
        if (bytes.Count > 0 && bytes[^1].To == to && bytes[^1].High == low - 1)
            bytes[^1] = bytes[^1] with { High = (byte)high };
        else bytes.Add(new((byte)low, (byte)high, to));
    }

    private List<GrammarState> WithoutDeadEnds()
    {
        var reaches = _states.Select(state => state.Accepts).ToArray();
        for (var changes = true; changes;)
        {
            budget.Spend(_states.Count);
            changes = false;
            for (var i = _states.Count - 1; i >= 0; i--)
                if (!reaches[i] && (_states[i].Bytes.Any(edge => reaches[edge.To])
                    || _states[i].Calls.Any(call => reaches[call.To]))) changes = reaches[i] = true;
        }

        var index = new int[_states.Count];
        for (var (i, next) = (0, 0); i < index.Length; i++) index[i] = reaches[i] ? next++ : -1;
        return [.. _states.Where((_, i) => reaches[i]).Select(state => new GrammarState(
            [.. state.Bytes.Where(edge => reaches[edge.To]).Select(edge => edge with { To = index[edge.To] })],
            [.. state.Calls.Where(call => reaches[call.To]).Select(call => call with { To = index[call.To] })],
            state.Accepts))];
    }
}
