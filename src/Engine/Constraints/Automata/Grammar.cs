using Minka.Engine.Constraints.Grammars;

namespace Minka.Engine.Constraints.Automata;

/// <summary>A state of a rule: what may come next while the rule is being matched.</summary>
/// <param name="Bytes">Ranges of bytes and the state after each, rising.</param>
/// <param name="Calls">Rules that may be matched next, and the state after each.</param>
/// <param name="Accepts">Whether the rule may end here.</param>
internal sealed record GrammarState(RuleGraph.ByteEdge[] Bytes, RuleGraph.CallEdge[] Calls, bool Accepts)
{
    /// <summary>The rule can only end here.</summary>
    public bool IsLast => Accepts && Bytes.Length == 0 && Calls.Length == 0;

    /// <summary>State after a byte; -1 when it cannot come.</summary>
    public int After(byte value)
    {
        foreach (var edge in Bytes) if (edge.Low <= value && value <= edge.High) return edge.To;
        return -1;
    }
}

/// <summary>Rules as deterministic automata that call each other: a push-down automaton over bytes.
/// Immutable.</summary>
/// <remarks>From every state the end can be reached: whoever takes only steps that exist never gets stuck.</remarks>
internal sealed class Grammar
{
    private readonly List<GrammarState> _states = [];
    private readonly int[] _starts, _heights, _onlyFirst;
    private readonly bool[,] _first;

    // Together a bound on memory; one rule alone may not take it all.
    private const int StatesMax = 30_000;

    public Grammar(Rule root)
    {
        var budget = new CompileBudget();
        var graph = new RuleGraph(root);
        var analysis = new RuleAnalysis(graph, budget);
        _starts = new int[graph.Rules.Count];
        for (var rule = 0; rule < _starts.Length; rule++)
            if (analysis.IsProductive[rule]) _starts[rule] = Determinize(graph, analysis, rule, budget);
        _first = FirstBytes();
        _onlyFirst = [.. Enumerable.Range(0, _starts.Length).Select(OnlyOf)];
        _heights = StateHeights.Of(_states, _starts);
        foreach (var state in _states) Bytes += 64 + 12 * state.Bytes.Length + 8 * state.Calls.Length;
    }

    /// <summary>Memory held, roughly.</summary>
    public long Bytes { get; }

    /// <summary>State where the text starts.</summary>
    public int Start => _starts[0];

    public IReadOnlyList<GrammarState> States => _states;

    /// <summary>State where a rule starts.</summary>
    public int StartOf(int rule) => _starts[rule];

    /// <summary>A stack with one more state on top.</summary>
    public StackNode Push(StackNode below, int state) => below.Push(state, _heights[state]);

    /// <summary>The stack of a text that has not begun.</summary>
    public StackNode Begin() => Push(StackNode.Bottom(), Start);

    /// <summary>Whether what a rule matches can begin with a byte.</summary>
    public bool CanBegin(int rule, byte value) => _first[rule, value];

    /// <summary>The byte that all that a rule matches begins with; -1 when there are several, or none.</summary>
    public int OnlyFirst(int rule) => _onlyFirst[rule];

    private int Determinize(RuleGraph graph, RuleAnalysis analysis, int rule, CompileBudget budget)
    {
        var builder = new StateSets(graph, analysis, graph.Ends[rule], budget);
        var states = builder.Run(graph.Starts[rule]);
        var offset = _states.Count;
        if (offset + states.Count > StatesMax)
            throw new GrammarException($"Rule '{graph.Rules[rule].Name}' brings the grammar past {StatesMax:N0} "
                + "states; use fewer repetitions or alternatives.");
        foreach (var state in states)
            _states.Add(new(
                [.. state.Bytes.Select(edge => edge with { To = edge.To + offset })],
                [.. state.Calls.Select(call => call with { To = call.To + offset })],
                state.Accepts));
        return offset;
    }

    private int OnlyOf(int rule)
    {
        var only = -1;
        for (var value = 0; value < 256; value++)
        {
            if (!_first[rule, value]) continue;
            if (only >= 0) return -1;
            only = value;
        }
        return only;
    }

    /// <summary>The bytes that each rule can begin with; no rule begins with itself, so the search ends.</summary>
    private bool[,] FirstBytes()
    {
        var first = new bool[_starts.Length, 256];
        var isDone = new bool[_starts.Length];
        for (var rule = 0; rule < _starts.Length; rule++) Fill(rule);
        return first;

        void Fill(int rule)
        {
            if (isDone[rule]) return;
            isDone[rule] = true;
            var state = _states[_starts[rule]];
            foreach (var edge in state.Bytes)
                for (int value = edge.Low; value <= edge.High; value++) first[rule, value] = true;
            foreach (var call in state.Calls)
            {
                Fill(call.Rule);
                for (var value = 0; value < 256; value++) first[rule, value] |= first[call.Rule, value];
            }
        }
    }
}
