namespace Minka.Engine.Constraints.Automata;

/// <summary>A state on top of the states to return to. Equal stacks are the same object.</summary>
internal sealed class StackNode
{
    private readonly Dictionary<int, StackNode> _above = [];

    private StackNode(int state, StackNode? below) => (State, Below) = (state, below);

    /// <summary>State of the rule that is being matched.</summary>
    public int State { get; }

    /// <summary>Where it goes on when that rule ends; null only for the bottom.</summary>
    public StackNode? Below { get; }

    /// <summary>Nothing is left to match.</summary>
    public bool IsBottom => Below is null;

    public static StackNode Bottom() => new(-1, null);

    /// <summary>This stack with one more state on top.</summary>
    public StackNode Push(int state)
    {
        if (!_above.TryGetValue(state, out var node)) _above.Add(state, node = new StackNode(state, this));
        return node;
    }
}
