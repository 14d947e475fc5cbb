using System.Runtime.InteropServices;

namespace Minka.Engine.KvCache;

/// <summary>Who holds which KV block. All blocks exist from the start; taking and releasing allocate nothing.</summary>
/// <remarks>
/// A block without holders is free, but keeps its content: free blocks stand in a list from the least to the most
/// recently used, and one that was published is found again by its hash until it is taken for something else.
/// </remarks>
internal sealed class BlockPool
{
    private readonly int[] _holders, _older, _newer;
    private readonly bool[] _isFree;
    private int _oldest = None, _newest = None;

    private const int None = -1;

    public BlockPool(int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 1);
        _holders = new int[blocks];
        _older = new int[blocks];
        _newer = new int[blocks];
        _isFree = new bool[blocks];
        Index = new PrefixIndex(blocks);
        for (var block = 0; block < blocks; block++) LinkNewest(block);
    }

    /// <summary>Published blocks by content.</summary>
    public PrefixIndex Index { get; }

    /// <summary>Blocks in all.</summary>
    public int Total => _holders.Length;

    /// <summary>Blocks that can be taken, published ones included.</summary>
    public int Free { get; private set; }

    /// <summary>Blocks that some table holds, each counted once.</summary>
    public int Used => Total - Free;

    /// <summary>Block tables that hold <paramref name="block"/>.</summary>
    public int Holders(int block) => _holders[block];

    /// <summary>Free, cached, held by one or by several. The only member that other threads may call: each answer is
    /// one that was true a moment ago.</summary>
    public BlockState StateOf(int block) => Volatile.Read(ref _holders[block]) switch
    {
        0 => Index.Contains(block) ? BlockState.Cached : BlockState.Free,
        1 => BlockState.Used,
        _ => BlockState.Shared,
    };

    /// <summary>Takes the free block that was used longest ago, and forgets what it held.</summary>
    public bool TryTake(out int block)
    {
        block = _oldest;
        if (block == None) return false;

        Unlink(block);
        Index.Remove(block);
        _holders[block] = 1;
        return true;
    }

    /// <summary>Adds a holder; a free block stops being free.</summary>
    public void Hold(int block)
    {
        if (_isFree[block]) Unlink(block);
        _holders[block]++;
    }

    /// <summary>Removes a holder. A block worth nothing to others is taken first, a published one last.</summary>
    public void Release(int block)
    {
        if (_holders[block] == 0) throw Bug.Found($"KV block {block} is released but nobody holds it.");
        if (--_holders[block] > 0) return;

        if (Index.Contains(block)) LinkNewest(block);
        else LinkOldest(block);
    }

    /// <summary>Counts everything again and compares.</summary>
    /// <param name="tables">Every block table, one after the other.</param>
    /// <exception cref="InvalidOperationException">A block is lost, or shared by mistake.</exception>
    public void CheckIntegrity(IEnumerable<BlockTable> tables)
    {
        var held = new int[Total];
        foreach (var table in tables)
            foreach (var block in table.Blocks) held[block]++;
        var free = 0;
        for (var block = _oldest; block != None; block = _newer[block])
        {
            if (!_isFree[block]) throw Bug.Found($"KV block {block} is in the free list but not marked free.");
            if (++free > Total) throw Bug.Found("The free list runs in a circle.");
        }
        if (free != Free) throw Bug.Found($"The free list holds {free} KV blocks, the count says {Free}.");
        for (var block = 0; block < Total; block++)
        {
            if (held[block] != _holders[block])
                throw Bug.Found($"{held[block]} tables hold KV block {block}, its count says {_holders[block]}.");
            if (_isFree[block] != (held[block] == 0)) throw Bug.Found($"KV block {block} is lost.");
        }
    }

    private void LinkNewest(int block)
    {
        _older[block] = _newest;
        _newer[block] = None;
        if (_newest == None) _oldest = block;
        else _newer[_newest] = block;
        _newest = block;
        _isFree[block] = true;
        Free++;
    }

    private void LinkOldest(int block)
    {
        _older[block] = None;
        _newer[block] = _oldest;
        if (_oldest == None) _newest = block;
        else _older[_oldest] = block;
        _oldest = block;
        _isFree[block] = true;
        Free++;
    }

    private void Unlink(int block)
    {
        if (_older[block] == None) _oldest = _newer[block];
        else _newer[_older[block]] = _newer[block];
        if (_newer[block] == None) _newest = _older[block];
        else _older[_newer[block]] = _older[block];
        _isFree[block] = false;
        Free--;
    }
}

/// <summary>The blocks of one sequence, in order of position.</summary>
internal sealed class BlockTable
{
    private readonly List<int> _blocks = [];

    /// <summary>Block b holds positions <c>[16b, 16b + 16)</c>.</summary>
    public ReadOnlySpan<int> Blocks => CollectionsMarshal.AsSpan(_blocks);

    public int Count => _blocks.Count;

    public void Reserve(int blocks) => _blocks.EnsureCapacity(blocks);

    public void Add(int block) => _blocks.Add(block);

    public void Clear() => _blocks.Clear();
}
