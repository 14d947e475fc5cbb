namespace Minka.Engine.Constraints.Automata;

/// <summary>Moves a push-down automaton by one byte, along every way at once. One caller at a time.</summary>
internal sealed class Stepper(Grammar grammar)
{
    // A text that can be read in more ways than this at once is not followed any further.
    private const int StacksMax = 512;

    private readonly HashSet<StackNode> _visited = [];
    private readonly HashSet<StackNode> _next = [];

    /// <summary>A text could be read in too many ways; from then on nothing goes on.</summary>
    public bool HasOverflowed { get; private set; }

    /// <summary>The stacks after a byte, each once; empty when none of the given ones goes on with it.</summary>
    public StackNode[] Step(StackNode[] stacks, byte value)
    {
        _visited.Clear();
        _next.Clear();
        foreach (var stack in stacks) Visit(stack, value);
        HasOverflowed |= _next.Count > StacksMax;
        return HasOverflowed ? [] : [.. _next];
    }

    /// <summary>Whether the text may end here.</summary>
    public bool CanEnd(StackNode[] stacks) => stacks.Any(CanEnd);

    /// <summary>Whether any byte can follow.</summary>
    public bool CanGoOn(StackNode[] stacks)
    {
        foreach (var stack in stacks)
        {
            for (var node = stack; !node.IsBottom; node = node.Below!)
            {
                var state = grammar.States[node.State];
                if (state.Bytes.Count + state.Calls.Count > 0) return true;
                if (!state.Accepts) break;
            }
        }
        return false;
    }

    private bool CanEnd(StackNode stack)
    {
        var node = stack;
        while (!node.IsBottom && grammar.States[node.State].Accepts) node = node.Below!;
        return node.IsBottom;
    }

    private void Visit(StackNode node, byte value)
    {
        while (!node.IsBottom && _visited.Add(node) && _next.Count <= StacksMax)
        {
            var state = grammar.States[node.State];
            var after = state.After(value);
            if (after >= 0) _next.Add(node.Below!.Push(after));
            foreach (var call in state.Calls)
            {
                if (!grammar.CanBegin(call.Rule, value)) continue;
                // A call in last place needs nothing to return to, so that lists do not grow the stack.
                var back = grammar.States[call.To].IsLast ? node.Below! : node.Below!.Push(call.To);
                Visit(back.Push(grammar.StartOf(call.Rule)), value);
            }
            if (!state.Accepts) return;
            node = node.Below!;
        }
    }
}
