namespace Minka.Engine.Constraints.Automata;

/// <summary>How many states must come to lie above each state, at least, before its rule can end.</summary>
/// <remarks>
/// Shortest ways with the deepest call as their length, found from the ends backwards (Knuth 1977). No shortest way
/// calls a rule within itself, so no height exceeds the number of rules.
/// </remarks>
internal static class StateHeights
{
    private const int Unknown = int.MaxValue, NoCall = -1;

    /// <summary>A height for each state.</summary>
    /// <param name="states">Of all rules.</param>
    /// <param name="starts">State where each rule starts.</param>
    public static int[] Of(IReadOnlyList<GrammarState> states, IReadOnlyList<int> starts)
    {
        var heights = new int[states.Count];
        Array.Fill(heights, Unknown);
        var users = Users(states, starts);
        var open = new PriorityQueue<int, int>();
        for (var state = 0; state < heights.Length; state++) if (states[state].Accepts) open.Enqueue(state, 0);
        while (open.TryDequeue(out var state, out var height))
        {
            if (heights[state] != Unknown) continue;
            heights[state] = height;
            foreach (var (user, call) in users[state])
            {
                if (heights[user] != Unknown) continue;
                var found = call == NoCall ? height : HeightOf(states[user].Calls[call]);
                if (found != Unknown) open.Enqueue(user, found);
            }
        }
        return heights;

        int HeightOf(RuleGraph.CallEdge call)
        {
            var (inside, after) = (heights[starts[call.Rule]], heights[call.To]);
            if (inside == Unknown || after == Unknown) return Unknown;
            // A call in last place leaves nothing to return to.
            return states[call.To].IsLast ? inside : Math.Max(inside + 1, after);
        }
    }

    /// <summary>The states whose height depends on each state's, and by which of their calls.</summary>
    private static List<(int User, int Call)>[] Users(IReadOnlyList<GrammarState> states, IReadOnlyList<int> starts)
    {
        var users = new List<(int, int)>[states.Count];
        for (var state = 0; state < users.Length; state++) users[state] = [];
        for (var state = 0; state < users.Length; state++)
        {
            foreach (var edge in states[state].Bytes) users[edge.To].Add((state, NoCall));
            for (var call = 0; call < states[state].Calls.Length; call++)
            {
                users[states[state].Calls[call].To].Add((state, call));
                users[starts[states[state].Calls[call].Rule]].Add((state, call));
            }
        }
        return users;
    }
}
