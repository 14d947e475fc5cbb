using System.Runtime.InteropServices;

namespace Minka.Engine.Constraints.Automata;

/// <summary>Moves a push-down automaton by one byte, along every way at once. One caller at a time.</summary>
/// <remarks>
/// Stacks are at most <see cref="DepthMax"/> deep. A way that could not come to its end within that is not taken, so
/// that at the limit a text closes what it opened instead of getting stuck.
/// </remarks>
internal sealed class Stepper(Grammar grammar)
{
    /// <summary>States on a stack at most; every grammar that was compiled can end well below.</summary>
    public const int DepthMax = 2 * RuleGraph.RulesMax;

    // A text that can be read in more ways than this at once is not followed any further.
    private const int StacksMax = 512, VisitsMax = 8 * StacksMax;

    private readonly List<StackNode> _next = [];
    private long _now;
    private int _visits;

    /// <summary>The stacks after a byte, each once; none when none of the given ones goes on with it.</summary>
    /// <param name="stacks">Each once.</param>
    /// <param name="value">The byte.</param>
    /// <param name="next">Filled, after the stacks were read: it may hold them.</param>
    /// <returns>False when there are too many; nothing is true of <paramref name="next"/> then.</returns>
    public bool TryStep(ReadOnlySpan<StackNode> stacks, byte value, List<StackNode> next)
    {
        _next.Clear();
        _now++;
        _visits = 0;
        foreach (var stack in stacks) Visit(stack, value);
        next.Clear();
        if (_visits > VisitsMax || _next.Count > StacksMax) return false;
        next.AddRange(CollectionsMarshal.AsSpan(_next));
        return true;
    }

    /// <summary>Whether the text may end here.</summary>
    public bool CanEnd(ReadOnlySpan<StackNode> stacks)
    {
        foreach (var stack in stacks)
        {
            var node = stack;
            while (!node.IsBottom && grammar.States[node.State].Accepts) node = node.Below!;
            if (node.IsBottom) return true;
        }
        return false;
    }

    /// <summary>Whether any byte can follow.</summary>
    public bool CanGoOn(ReadOnlySpan<StackNode> stacks)
    {
        foreach (var stack in stacks)
        {
            for (var node = stack; !node.IsBottom; node = node.Below!)
            {
                var state = grammar.States[node.State];
                if (state.Bytes.Length + state.Calls.Length > 0) return true;
                if (!state.Accepts) break;
            }
        }
        return false;
    }

    /// <summary>Whether every way goes on with the same byte, and with it alone; false where the text may
    /// end.</summary>
    public bool IsOneByteNext(ReadOnlySpan<StackNode> stacks)
    {
        var only = -1;
        foreach (var stack in stacks)
        {
            for (var node = stack; ; node = node.Below!)
            {
                if (node.IsBottom) return false;
                var state = grammar.States[node.State];
                foreach (var edge in state.Bytes)
                    if (edge.Low != edge.High || !IsSame(edge.Low, ref only)) return false;
                foreach (var call in state.Calls)
                    if (!IsSame(grammar.OnlyFirst(call.Rule), ref only)) return false;
                if (!state.Accepts) break;
            }
        }
        return only >= 0;

        static bool IsSame(int value, ref int only)
        {
            if (only < 0) only = value;
            return value >= 0 && only == value;
        }
    }

    private void Visit(StackNode node, byte value)
    {
        while (!node.IsBottom && node.VisitedAt != _now && ++_visits <= VisitsMax)
        {
            node.VisitedAt = _now;
            var state = grammar.States[node.State];
            var after = state.After(value);
            if (after >= 0) Reach(grammar.Push(node.Below!, after));
            foreach (var call in state.Calls)
            {
                if (!grammar.CanBegin(call.Rule, value)) continue;
                // A call in last place needs nothing to return to, so that lists do not grow the stack.
                var back = grammar.States[call.To].IsLast ? node.Below! : grammar.Push(node.Below!, call.To);
                var start = grammar.Push(back, grammar.StartOf(call.Rule));
                if (start.Height <= DepthMax) Visit(start, value);
            }
            if (!state.Accepts) return;
            node = node.Below!;
        }
    }

    private void Reach(StackNode stack)
    {
        if (stack.ReachedAt == _now || stack.Height > DepthMax) return;
        stack.ReachedAt = _now;
        _next.Add(stack);
    }
}
