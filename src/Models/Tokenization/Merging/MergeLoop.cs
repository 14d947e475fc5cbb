namespace Minka.Models.Tokenization.Merging;

/// <summary>Merges the symbols of one piece until no two neighbours merge.</summary>
/// <remarks>
/// Short pieces are searched through for the best pair, long ones keep their pairs in a heap: n log n whatever the
/// text. A test holds the two equal. One object serves one thread.
/// </remarks>
internal sealed class MergeLoop
{
    /// <summary>Up to how many symbols a piece is searched through.</summary>
    internal const int SearchMax = 48;

    private const uint Never = uint.MaxValue;

    private uint[] _ranks = new uint[64];
    private int[] _merged = new int[64];
    private int[] _next = [];
    private int[] _previous = [];
    private ulong[] _heap = [];
    private int _heapCount;

    /// <summary>Merges in place.</summary>
    public void Run<TRule>(TRule rule, ReadOnlySpan<byte> piece, List<Symbol> symbols) where TRule : struct, IMergeRule
    {
        if (symbols.Count < 2) return;
        if (symbols.Count <= SearchMax) RunBySearch(rule, piece, symbols);
        else RunByHeap(rule, piece, symbols);
    }

    /// <summary>The obvious way: find the best pair, merge it, look again.</summary>
    internal void RunBySearch<TRule>(TRule rule, ReadOnlySpan<byte> piece, List<Symbol> symbols)
        where TRule : struct, IMergeRule
    {
        var all = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(symbols);
        var count = all.Length;
        Grow(count);
        for (var i = 0; i + 1 < count; i++) _ranks[i] = Rank(rule, piece, all[i], all[i + 1], out _merged[i]);
        while (count > 1)
        {
            var best = 0;
            for (var i = 1; i + 1 < count; i++)
            {
                if (_ranks[i] < _ranks[best]) best = i;
            }
            if (_ranks[best] == Never) break;

            all[best] = new Symbol(_merged[best], all[best].Start, all[best + 1].End);
            all[(best + 2)..count].CopyTo(all[(best + 1)..]);
            _ranks.AsSpan(best + 1, count - best - 1).CopyTo(_ranks.AsSpan(best));
            _merged.AsSpan(best + 1, count - best - 1).CopyTo(_merged.AsSpan(best));
            count--;
            if (best > 0) _ranks[best - 1] = Rank(rule, piece, all[best - 1], all[best], out _merged[best - 1]);
            if (best + 1 < count) _ranks[best] = Rank(rule, piece, all[best], all[best + 1], out _merged[best]);
        }
        symbols.RemoveRange(count, symbols.Count - count);
    }

    /// <summary>The same with a heap of (rank, place) over a linked list.</summary>
    internal void RunByHeap<TRule>(TRule rule, ReadOnlySpan<byte> piece, List<Symbol> symbols)
        where TRule : struct, IMergeRule
    {
        var all = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(symbols);
        Link(all.Length);
        for (var i = 0; i + 1 < all.Length; i++) Consider(rule, piece, all, i);
        while (_heapCount > 0)
        {
            var best = Pop();
            var left = (int)(uint)best;
            if (_ranks[left] != (uint)(best >> 32)) continue; // a neighbour has merged since

            var right = _next[left];
            all[left] = new Symbol(_merged[left], all[left].Start, all[right].End);
            _ranks[right] = Never;
            _next[left] = _next[right];
            if (_next[right] >= 0) _previous[_next[right]] = left;
            if (_previous[left] >= 0) Consider(rule, piece, all, _previous[left]);
            Consider(rule, piece, all, left);
        }
        var count = 0;
        for (var i = 0; i >= 0; i = _next[i]) all[count++] = all[i];
        symbols.RemoveRange(count, symbols.Count - count);
    }

    private void Consider<TRule>(TRule rule, ReadOnlySpan<byte> piece, Span<Symbol> all, int left)
        where TRule : struct, IMergeRule
    {
        var right = _next[left];
        _ranks[left] = right < 0 ? Never : Rank(rule, piece, all[left], all[right], out _merged[left]);
        if (_ranks[left] != Never) Push((ulong)_ranks[left] << 32 | (uint)left);
    }

    private static uint Rank<TRule>(TRule rule, ReadOnlySpan<byte> piece, Symbol left, Symbol right, out int merged)
        where TRule : struct, IMergeRule =>
        rule.TryMerge(piece, left, right, out var rank, out merged) ? rank : Never;

    private void Grow(int count)
    {
        if (_ranks.Length >= count) return;
        _ranks = new uint[count];
        _merged = new int[count];
    }

    private void Link(int count)
    {
        Grow(count);
        if (_next.Length < count) (_next, _previous) = (new int[count], new int[count]);
        for (var i = 0; i < count; i++) (_next[i], _previous[i]) = (i + 1 < count ? i + 1 : -1, i - 1);
        _heapCount = 0;
    }

    private void Push(ulong entry)
    {
        if (_heapCount == _heap.Length) Array.Resize(ref _heap, Math.Max(256, _heapCount * 2));
        var at = _heapCount++;
        for (; at > 0 && _heap[(at - 1) / 2] > entry; at = (at - 1) / 2) _heap[at] = _heap[(at - 1) / 2];
        _heap[at] = entry;
    }

    private ulong Pop()
    {
        var top = _heap[0];
        var last = _heap[--_heapCount];
        var at = 0;
        while (at * 2 + 1 < _heapCount)
        {
            var child = at * 2 + 1;
            if (child + 1 < _heapCount && _heap[child + 1] < _heap[child]) child++;
            if (_heap[child] >= last) break;
            _heap[at] = _heap[child];
            at = child;
        }
        if (_heapCount > 0) _heap[at] = last;
        return top;
    }
}
