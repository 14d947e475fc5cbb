using Minka.Engine.Constraints.Grammars;

namespace Minka.Engine.Constraints.Automata;

/// <summary>What must be known of rules before they become deterministic: which match nothing, and which run in
/// circles.</summary>
internal sealed class RuleAnalysis
{
    private readonly RuleGraph _graph;
    private readonly CompileBudget _budget;
    private readonly List<int>[] _callers;

    public RuleAnalysis(RuleGraph graph, CompileBudget budget)
    {
        (_graph, _budget) = (graph, budget);
        _callers = Callers(graph);
        IsNullable = Fixpoint((rule, nullable) => Reaches(rule, (_, call) => nullable[call.Rule], false));
        IsProductive = Fixpoint((rule, productive) => Reaches(rule, (_, call) => productive[call.Rule], true));
        if (!IsProductive[0])
            throw new GrammarException($"Nothing matches rule '{graph.Rules[0].Name}': every way through it "
                + "goes on for ever.");
        RefuseLeftRecursion();
    }

    /// <summary>Rules that match the empty text.</summary>
    public bool[] IsNullable { get; }

    /// <summary>Rules that match some text that ends.</summary>
    public bool[] IsProductive { get; }

    /// <summary>All nodes reached without a byte from the given ones, which are among them.</summary>
    public int[] Closure(IEnumerable<int> nodes)
    {
        SortedSet<int> reached = [];
        Stack<int> open = new(nodes);
        while (open.TryPop(out var node))
        {
            if (!reached.Add(node)) continue;
            _budget.Spend(4);
            foreach (var to in _graph.Nodes[node].Free) open.Push(to);
            foreach (var call in _graph.Nodes[node].Calls) if (IsNullable[call.Rule]) open.Push(call.To);
        }
        return [.. reached];
    }

    private bool[] Fixpoint(Func<int, bool[], bool> holds)
    {
        // A rule is looked at again only when one that it calls became known.
        var known = new bool[_graph.Rules.Count];
        Queue<int> open = new(Enumerable.Range(0, known.Length));
        while (open.TryDequeue(out var rule))
        {
            if (known[rule] || !holds(rule, known)) continue;
            known[rule] = true;
            foreach (var caller in _callers[rule]) open.Enqueue(caller);
        }
        return known;
    }

    private static List<int>[] Callers(RuleGraph graph)
    {
        var callers = new List<int>[graph.Rules.Count];
        for (var rule = 0; rule < callers.Length; rule++) callers[rule] = [];
        for (var rule = 0; rule < callers.Length; rule++)
            for (var node = graph.Starts[rule]; node < graph.NodesEnd(rule); node++)
                foreach (var call in graph.Nodes[node].Calls)
                    if (callers[call.Rule] is not [.., var last] || last != rule) callers[call.Rule].Add(rule);
        return callers;
    }

    /// <summary>Whether a rule's end is reached over free edges, the calls that are allowed, and bytes if they
    /// are.</summary>
    private bool Reaches(int rule, Func<int, RuleGraph.CallEdge, bool> allows, bool overBytes)
    {
        HashSet<int> reached = [];
        Stack<int> open = new([_graph.Starts[rule]]);
        while (open.TryPop(out var node))
        {
            if (node == _graph.Ends[rule]) return true;
            if (!reached.Add(node)) continue;
            _budget.Spend(2);
            foreach (var to in _graph.Nodes[node].Free) open.Push(to);
            if (overBytes) foreach (var edge in _graph.Nodes[node].Bytes) open.Push(edge.To);
            foreach (var call in _graph.Nodes[node].Calls) if (allows(node, call)) open.Push(call.To);
        }
        return false;
    }

    /// <summary>A rule that calls itself before it read anything would be called for ever.</summary>
    private void RefuseLeftRecursion()
    {
        var first = new int[_graph.Rules.Count][];
        for (var rule = 0; rule < first.Length; rule++)
            first[rule] = [.. Closure([_graph.Starts[rule]]).SelectMany(node => _graph.Nodes[node].Calls)
                .Select(call => call.Rule).Distinct()];

        // Depth first with an explicit stack: 1 while a rule is being looked at, 2 when it is done.
        var seen = new byte[first.Length];
        Stack<(int Rule, int Next)> path = [];
        for (var start = 0; start < first.Length; start++)
        {
            if (seen[start] == 0) path.Push((start, 0));
            while (path.TryPop(out var at))
            {
                seen[at.Rule] = 1;
                if (at.Next == first[at.Rule].Length)
                {
                    seen[at.Rule] = 2;
                    continue;
                }
                var called = first[at.Rule][at.Next];
                path.Push((at.Rule, at.Next + 1));
                if (seen[called] == 1)
                    throw new GrammarException($"Rule '{_graph.Rules[called].Name}' begins with itself (left "
                        + "recursion); let it begin with something else.");
                if (seen[called] == 0) path.Push((called, 0));
            }
        }
    }
}
