using Minka.Engine.Constraints.Automata;

namespace Minka.Engine.Constraints.Masks;

/// <summary>Which tokens may come next, for one grammar over one vocabulary. Shared by all requests that use
/// it.</summary>
/// <remarks>
/// Most tokens stay inside the rule that is being matched, whoever called it: these are found once per state. The
/// others leave it in the middle; for them the walk goes on from where they left, in the state below on the stack.
/// </remarks>
internal sealed class GrammarMasks(Grammar grammar, TokenVocabulary vocabulary)
{
    private const int FrameBytesMax = 8 << 20, WarmFramesMax = 64;

    private readonly Lock _lock = new();
    private readonly LocalMachine _machine = new(grammar);
    private readonly Dictionary<int, Frame> _frames = [];
    private readonly int[] _path = new int[vocabulary.Trie.DepthMax + 2];
    private readonly int[] _ends = new int[vocabulary.Trie.DepthMax + 2];

    /// <summary>Tokens that stay within a state's rule, and nodes of the trie at which the rule may have
    /// ended.</summary>
    private sealed record Frame(TokenMask Tokens, int[] Exits);

    public Grammar Grammar { get; } = grammar;

    public TokenVocabulary Vocabulary { get; } = vocabulary;

    /// <summary>Memory held, roughly: what the states' masks and the walks over the vocabulary left behind.</summary>
    public long Bytes
    {
        get { lock (_lock) return _machine.Bytes + (long)_frames.Count * MaskBytes + Grammar.States.Count * 300L; }
    }

    private int MaskBytes => Vocabulary.Count / 8 + 64;

    /// <summary>Tokens that may follow a stack; none when the grammar can be read in too many ways.</summary>
    public TokenMask Of(StackNode stack)
    {
        lock (_lock)
        {
            var mask = new TokenMask(Vocabulary.Count);
            Add(stack, mask);
            return _machine.HasOverflowed ? new TokenMask(Vocabulary.Count) : mask;
        }
    }

    /// <summary>Walks ahead of time for the states that a text meets first, one at a time: others may use it
    /// meanwhile.</summary>
    public void Warm()
    {
        HashSet<int> met = [Grammar.Start];
        Queue<int> open = new(met);
        while (open.TryDequeue(out var state) && met.Count <= WarmFramesMax)
        {
            lock (_lock)
            {
                if (_machine.HasOverflowed) return;
                FrameOf(state);
            }
            foreach (var call in Grammar.States[state].Calls)
                if (met.Add(Grammar.StartOf(call.Rule))) open.Enqueue(Grammar.StartOf(call.Rule));
            foreach (var edge in Grammar.States[state].Bytes) if (met.Add(edge.To)) open.Enqueue(edge.To);
        }
    }

    /// <summary>A rule that may end here lets what is below it go on at once.</summary>
    private void Add(StackNode stack, TokenMask mask)
    {
        for (var node = stack; !node.IsBottom; node = node.Below!)
        {
            var frame = FrameOf(node.State);
            mask.Add(frame.Tokens);
            foreach (var exit in frame.Exits) Continue(node.Below!, exit, mask);
            if (!Grammar.States[node.State].Accepts) return;
        }
    }

    private Frame FrameOf(int state)
    {
        if (_frames.TryGetValue(state, out var frame)) return frame;
        if ((long)_frames.Count * MaskBytes > FrameBytesMax) _frames.Clear();
        var tokens = new TokenMask(Vocabulary.Count);
        List<int> exits = [];
        Walk(state, 0, tokens, exits);
        _frames.Add(state, frame = new(tokens, [.. exits]));
        return frame;
    }

    /// <summary>Adds the tokens below a node that go on where a rule returned to.</summary>
    private void Continue(StackNode stack, int node, TokenMask mask)
    {
        if (stack.IsBottom || Vocabulary.Trie.End[node] == node + 1) return;
        List<int> exits = [];
        Walk(stack.State, node, mask, exits);
        if (Grammar.States[stack.State].Accepts) exits.Add(node);
        foreach (var exit in exits) Continue(stack.Below!, exit, mask);
    }

    /// <summary>Walks the descendants of a node; what a path of bytes cannot match is left out with all below
    /// it.</summary>
    private void Walk(int state, int root, TokenMask tokens, List<int> exits)
    {
        var trie = Vocabulary.Trie;
        var depth = 0;
        _path[0] = _machine.Begin(state);
        _ends[0] = trie.End[root];
        for (var node = root + 1; node < trie.End[root] && !_machine.HasOverflowed;)
        {
            while (node >= _ends[depth]) depth--;
            var after = _machine.After(_path[depth], trie.Label[node]);
            if (after == LocalMachine.Dead)
            {
                node = trie.End[node];
                continue;
            }
            for (var id = trie.Token[node]; id >= 0; id = trie.SameBytes[id]) tokens.Add(id);
            if (_machine.CanLeave(after)) exits.Add(node);
            depth++;
            _path[depth] = after;
            _ends[depth] = trie.End[node];
            node++;
        }
    }
}
