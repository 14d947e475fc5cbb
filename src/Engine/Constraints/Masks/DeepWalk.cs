using System.Runtime.InteropServices;
using Minka.Engine.Constraints.Automata;

namespace Minka.Engine.Constraints.Masks;

/// <summary>
/// Walks the vocabulary along a whole stack, remembering nothing: for stacks so deep that what comes next depends on
/// how deep they are.
/// </summary>
internal static class DeepWalk
{
    /// <summary>Adds the tokens that may follow a stack.</summary>
    /// <returns>False when the grammar can be read in too many ways.</returns>
    public static bool TryAdd(StackNode stack, Stepper stepper, TokenTrie trie, TokenMask mask)
    {
        var path = new List<StackNode>[trie.DepthMax + 2];
        var ends = new int[path.Length];
        path[0] = [stack];
        ends[0] = trie.End[0];
        var depth = 0;
        for (var node = 1; node < trie.End[0];)
        {
            while (node >= ends[depth]) depth--;
            var next = path[depth + 1] ??= [];
            if (!stepper.TryStep(CollectionsMarshal.AsSpan(path[depth]), trie.Label[node], next)) return false;
            if (next.Count == 0)
            {
                node = trie.End[node];
                continue;
            }
            for (var id = trie.Token[node]; id >= 0; id = trie.SameBytes[id]) mask.Add(id);
            ends[++depth] = trie.End[node++];
        }
        return true;
    }
}
