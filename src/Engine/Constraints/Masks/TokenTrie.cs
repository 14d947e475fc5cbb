namespace Minka.Engine.Constraints.Masks;

/// <summary>All tokens by their bytes: a tree in which a node's descendants follow it directly.</summary>
internal sealed class TokenTrie
{
    private readonly List<byte> _label = [];
    private readonly List<int> _end = [], _token = [];

    public TokenTrie(byte[][] tokens)
    {
        var order = Enumerable.Range(0, tokens.Length).Where(id => tokens[id].Length > 0).ToArray();
        Array.Sort(order, (left, right) =>
        {
            var bytes = tokens[left].AsSpan().SequenceCompareTo(tokens[right]);
            return bytes != 0 ? bytes : left - right;
        });
        SameBytes = new int[tokens.Length];
        Array.Fill(SameBytes, -1);
        Add(0, -1);
        List<int> path = [0];
        var before = ReadOnlySpan<byte>.Empty;
        var last = -1;
        foreach (var id in order)
        {
            var bytes = tokens[id].AsSpan();
            DepthMax = Math.Max(DepthMax, bytes.Length);
            var shared = bytes.CommonPrefixLength(before);
            if (last >= 0 && shared == bytes.Length && shared == before.Length) SameBytes[last] = id;
            else
            {
                Close(path, shared + 1);
                for (var i = shared; i < bytes.Length; i++) path.Add(Add(bytes[i], -1));
                _token[path[^1]] = id;
            }
            before = bytes;
            last = id;
        }
        Close(path, 0);
        (Label, End, Token) = ([.. _label], [.. _end], [.. _token]);
    }

    /// <summary>Byte that leads to each node; the root is node 0.</summary>
    public byte[] Label { get; }

    /// <summary>One past each node's last descendant.</summary>
    public int[] End { get; }

    /// <summary>First token that ends at each node; -1 for none.</summary>
    public int[] Token { get; }

    /// <summary>Next token of the same bytes; -1 for none.</summary>
    public int[] SameBytes { get; }

    /// <summary>Bytes of the longest token.</summary>
    public int DepthMax { get; }

    private int Add(byte label, int token)
    {
        _label.Add(label);
        _end.Add(0);
        _token.Add(token);
        return _label.Count - 1;
    }

    private void Close(List<int> path, int depth)
    {
        for (; path.Count > depth; path.RemoveAt(path.Count - 1)) _end[path[^1]] = _label.Count;
    }
}
