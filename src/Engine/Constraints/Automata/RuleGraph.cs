using Minka.Engine.Constraints.Grammars;

namespace Minka.Engine.Constraints.Automata;

/// <summary>The rules of a grammar as nondeterministic automata over bytes and calls (Thompson 1968).</summary>
internal sealed class RuleGraph
{
    // A bound on the work of one compilation, whatever it is made of.
    private const int NodesMax = 200_000;

    /// <summary>Rules of one grammar at most.</summary>
    public const int RulesMax = 4_000;

    private readonly Dictionary<Rule, int> _indexByRule = [];
    private readonly List<(byte Low, byte High)[]> _rows = [];

    /// <summary>An edge over a range of bytes.</summary>
    public readonly record struct ByteEdge(byte Low, byte High, int To);

    /// <summary>An edge over all that a rule matches.</summary>
    public readonly record struct CallEdge(int Rule, int To);

    /// <summary>A node and the ways out of it.</summary>
    public sealed class Node
    {
        public List<int> Free { get; } = [];
        public List<ByteEdge> Bytes { get; } = [];
        public List<CallEdge> Calls { get; } = [];
    }

    public RuleGraph(Rule root)
    {
        IndexOf(root);
        for (var i = 0; i < Rules.Count; i++)
        {
            Starts.Add(Add());
            Ends.Add(Build(Rules[i].Body, Starts[i]));
        }
    }

    public List<Rule> Rules { get; } = [];

    public List<Node> Nodes { get; } = [];

    /// <summary>First node of each rule.</summary>
    public List<int> Starts { get; } = [];

    /// <summary>Last node of each rule.</summary>
    public List<int> Ends { get; } = [];

    /// <summary>One past the nodes of a rule, which lie together from its start on.</summary>
    public int NodesEnd(int rule) => rule + 1 < Starts.Count ? Starts[rule + 1] : Nodes.Count;

    private int IndexOf(Rule rule)
    {
        if (_indexByRule.TryGetValue(rule, out var index)) return index;
        if (Rules.Count == RulesMax) throw new GrammarException($"The grammar has more than {RulesMax:N0} rules.");
        Rules.Add(rule);
        _indexByRule.Add(rule, Rules.Count - 1);
        return Rules.Count - 1;
    }

    private int Add()
    {
        if (Nodes.Count == NodesMax)
            throw new GrammarException($"The grammar needs more than {NodesMax:N0} states; use fewer repetitions.");
        Nodes.Add(new());
        return Nodes.Count - 1;
    }

    /// <summary>Appends an expression after a node; the node where it ends.</summary>
    private int Build(Expression expression, int from)
    {
        switch (expression)
        {
            case Expression.Literal literal:
                foreach (var value in literal.Bytes.Span) from = Link(from, value, value);
                return from;
            case Expression.OneOf one:
                return BuildSet(one.Set, from);
            case Expression.Row row:
                foreach (var part in row.Parts) from = Build(part, from);
                return from;
            case Expression.Either either:
                var end = Add();
                foreach (var part in either.Parts) Nodes[Build(part, Branch(from))].Free.Add(end);
                return end;
            case Expression.Repeat repeat:
                return BuildRepeat(repeat, from);
            case Expression.Without without:
                return BuildWithout(new AvoidedTexts(without.Texts), from);
            case Expression.Call call:
                var after = Add();
                Nodes[from].Calls.Add(new(IndexOf(call.Rule), after));
                return after;
            default:
                throw new InvalidOperationException($"{expression.GetType().Name} is no expression that can be built.");
        }
    }

    private int BuildRepeat(Expression.Repeat repeat, int from)
    {
        for (var i = 0; i < repeat.Least; i++) from = Build(repeat.Part, from);
        if (repeat.Most == Expression.Unbounded)
        {
            var loop = Branch(from);
            Nodes[Build(repeat.Part, loop)].Free.Add(loop);
            return Branch(loop);
        }

        var end = Add();
        for (var i = repeat.Least; i < repeat.Most; i++)
        {
            Nodes[from].Free.Add(end);
            from = Build(repeat.Part, Branch(from));
        }
        Nodes[from].Free.Add(end);
        return end;
    }

    private int BuildSet(CodePoints set, int from)
    {
        var end = Add();
        _rows.Clear();
        foreach (var (first, last) in set.Ranges) Utf8Ranges.Cut(first, last, _rows);
        foreach (var row in _rows)
        {
            var at = from;
            for (var i = 0; i < row.Length - 1; i++) at = Link(at, row[i].Low, row[i].High);
            Nodes[at].Bytes.Add(new(row[^1].Low, row[^1].High, end));
        }
        return end;
    }

    private int BuildWithout(AvoidedTexts avoided, int from)
    {
        var end = Add();
        var states = avoided.Steps.Select(_ => Add()).ToArray();
        Nodes[from].Free.Add(states[0]);
        for (var i = 0; i < states.Length; i++)
        {
            Nodes[states[i]].Free.Add(end);
            foreach (var (set, to) in avoided.Steps[i]) Nodes[BuildSet(set, states[i])].Free.Add(states[to]);
        }
        return end;
    }

    private int Link(int from, byte low, byte high)
    {
        var to = Add();
        Nodes[from].Bytes.Add(new(low, high, to));
        return to;
    }

    private int Branch(int from)
    {
        var to = Add();
        Nodes[from].Free.Add(to);
        return to;
    }
}
