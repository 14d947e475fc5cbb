namespace Minka.Engine.Constraints.Automata;

/// <summary>A state on top of the states to return to. Equal stacks are the same object.</summary>
internal sealed class StackNode
{
    private StackNode? _above;
    private Dictionary<int, StackNode>? _others;

    private StackNode(int state, StackNode? below, int height)
    {
        (State, Below) = (state, below);
        if (below is null) return;
        Depth = below.Depth + 1;
        Height = Math.Max(below.Height, Depth + height);
    }

    /// <summary>State of the rule that is being matched.</summary>
    public int State { get; }

    /// <summary>Where it goes on when that rule ends; null only for the bottom.</summary>
    public StackNode? Below { get; }

    /// <summary>Nothing is left to match.</summary>
    public bool IsBottom => Below is null;

    /// <summary>States on the stack.</summary>
    public int Depth { get; }

    /// <summary>How deep the stack must become at least until the text can end.</summary>
    public int Height { get; }

    /// <summary>When a <see cref="Stepper"/> last came by; a stack belongs to one of them.</summary>
    public long VisitedAt { get; set; }

    /// <summary>When a <see cref="Stepper"/> last came out here.</summary>
    public long ReachedAt { get; set; }

    public static StackNode Bottom() => new(-1, null, 0);

    /// <summary>This stack with one more state on top.</summary>
    /// <param name="state">The state.</param>
    /// <param name="height">States that it needs above itself at least, until its rule can end.</param>
    public StackNode Push(int state, int height)
    {
        if (_above?.State == state) return _above;
        if (_above is null) return _above = new(state, this, height);
        // Most stacks have one state above them; a table for each would be most of the memory.
        _others ??= [];
        if (!_others.TryGetValue(state, out var node)) _others.Add(state, node = new(state, this, height));
        return node;
    }
}
