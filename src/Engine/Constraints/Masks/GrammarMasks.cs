using Minka.Engine.Constraints.Automata;

namespace Minka.Engine.Constraints.Masks;

/// <summary>Which tokens may come next, for one grammar over one vocabulary. Shared by all requests that use
/// it.</summary>
/// <remarks>
/// Most tokens stay inside the rule that is being matched, whoever called it: these are found once per state. The
/// others leave it in the middle; for them the walk goes on from where they left, in the state below on the stack.
/// </remarks>
internal sealed class GrammarMasks
{
    private const int FrameBytesMax = 8 << 20, WarmFramesMax = 64, WalksMax = 4_000;

    private readonly Lock _lock = new();
    private readonly LocalMachine _machine;
    private readonly Dictionary<int, Frame> _frames = [];
    private readonly int[] _path, _ends;
    private readonly Stack<(StackNode Stack, int Node)> _open = [];
    private readonly HashSet<(StackNode Stack, int Node)> _met = [];
    private readonly List<int> _exits = [];
    private readonly TokenMask _found;
    private long _frameBytes, _bytes;

    /// <summary>What is known of a state without knowing what is below it.</summary>
    /// <param name="Tokens">Tokens that stay within the state's rule.</param>
    /// <param name="Exits">Nodes of the trie at which the rule may have ended.</param>
    /// <param name="Height">How deep the stack may become on the way, the state itself being 1.</param>
    private sealed record Frame(TokenMask Tokens, int[] Exits, int Height);

    public GrammarMasks(Grammar grammar, TokenVocabulary vocabulary)
    {
        (Grammar, Vocabulary) = (grammar, vocabulary);
        vocabulary.Prepare();
        _machine = new(grammar);
        _path = new int[vocabulary.Trie.DepthMax + 2];
        _ends = new int[vocabulary.Trie.DepthMax + 2];
        _found = new(vocabulary.Count);
        _bytes = grammar.Bytes;
    }

    public Grammar Grammar { get; }

    public TokenVocabulary Vocabulary { get; }

    /// <summary>Memory held, roughly: the grammar, the states' masks, and what walks over the vocabulary left
    /// behind.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Adds the tokens that may follow a stack.</summary>
    /// <param name="stack">Belongs to <paramref name="stepper"/>.</param>
    /// <param name="stepper">Where the tokens are walked one by one, near the deepest a stack may be.</param>
    /// <param name="mask">Added to.</param>
    /// <returns>False when the grammar can be read in too many ways; nothing is true of the mask then.</returns>
    public bool TryAdd(StackNode stack, Stepper stepper, TokenMask mask)
    {
        bool isDone, isDeep;
        lock (_lock)
        {
            _found.Clear();
            isDone = TryAddFrames(stack, out isDeep);
            if (isDone && !isDeep) mask.Add(_found);
            Volatile.Write(ref _bytes, Grammar.Bytes + _machine.Bytes + _frameBytes);
        }
        return isDone && (!isDeep || DeepWalk.TryAdd(stack, stepper, Vocabulary.Trie, mask));
    }

    /// <summary>Walks ahead of time for the states that a text meets first, one at a time: others may use it
    /// meanwhile.</summary>
    public void Warm()
    {
        HashSet<int> met = [Grammar.Start];
        Queue<int> open = new(met);
        while (open.TryDequeue(out var state) && met.Count <= WarmFramesMax)
        {
            lock (_lock) if (FrameOf(state) is null) return;
            foreach (var call in Grammar.States[state].Calls)
                if (met.Add(Grammar.StartOf(call.Rule))) open.Enqueue(Grammar.StartOf(call.Rule));
            foreach (var edge in Grammar.States[state].Bytes) if (met.Add(edge.To)) open.Enqueue(edge.To);
        }
    }

    /// <summary>A rule that may end here lets what is below it go on at once.</summary>
    private bool TryAddFrames(StackNode stack, out bool isDeep)
    {
        _open.Clear();
        _met.Clear();
        isDeep = false;
        for (var node = stack; !node.IsBottom; node = node.Below!)
        {
            if (FrameOf(node.State) is not { } frame) return false;
            isDeep |= node.Depth - 1 + frame.Height > Stepper.DepthMax;
            _found.Add(frame.Tokens);
            foreach (var exit in frame.Exits) Open(node.Below!, exit);
            if (!Grammar.States[node.State].Accepts) break;
        }
        return TryGoOn(ref isDeep);
    }

    private void Open(StackNode stack, int node)
    {
        if (!stack.IsBottom && Vocabulary.Trie.End[node] > node + 1 && _met.Add((stack, node)))
            _open.Push((stack, node));
    }

    /// <summary>Adds the tokens that go on where a rule returned to.</summary>
    private bool TryGoOn(ref bool isDeep)
    {
        while (_open.TryPop(out var at))
        {
            _exits.Clear();
            isDeep |= at.Stack.Depth - 1 + Walk(at.Stack.State, at.Node, _found, _exits) > Stepper.DepthMax;
            if (_machine.HasOverflowed || _met.Count > WalksMax) return false;
            if (Grammar.States[at.Stack.State].Accepts) Open(at.Stack.Below!, at.Node);
            foreach (var exit in _exits) Open(at.Stack.Below!, exit);
        }
        return true;
    }

    private Frame? FrameOf(int state)
    {
        if (_frames.TryGetValue(state, out var frame)) return frame;
        if (_frameBytes > FrameBytesMax)
        {
            _frames.Clear();
            _frameBytes = 0;
        }
        var tokens = new TokenMask(Vocabulary.Count);
        _exits.Clear();
        var height = Walk(state, 0, tokens, _exits);
        if (_machine.HasOverflowed) return null;
        _frames.Add(state, frame = new(tokens, [.. _exits], height));
        _frameBytes += Vocabulary.Count / 8 + 4 * frame.Exits.Length + 120;
        return frame;
    }

    /// <summary>Walks the descendants of a node; what a path of bytes cannot match is left out with all below
    /// it.</summary>
    /// <returns>How deep the stack may become on the way, the state itself being 1.</returns>
    private int Walk(int state, int root, TokenMask tokens, List<int> exits)
    {
        var trie = Vocabulary.Trie;
        var (depth, height) = (0, 0);
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
            height = Math.Max(height, _machine.HeightOf(after));
            depth++;
            _path[depth] = after;
            _ends[depth] = trie.End[node];
            node++;
        }
        return height;
    }
}
