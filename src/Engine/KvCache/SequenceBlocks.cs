using Minka.Engine.Scheduling;
using Minka.Models;

namespace Minka.Engine.KvCache;

/// <summary>Gives sequences their blocks, shares equal prefixes between them, and takes blocks back.</summary>
internal sealed class SequenceBlocks(BlockPool pool, SchedulerOptions options)
{
    private readonly BlockHash _hash = new(options.HashKey);

    /// <summary>Blocks that hold <paramref name="tokens"/> positions.</summary>
    public static int For(int tokens) => (tokens + ForwardInput.BlockTokens - 1) / ForwardInput.BlockTokens;

    /// <summary>Whole blocks of the sequence that are already computed somewhere; its last token never
    /// counts.</summary>
    /// <param name="sequence">Holds no blocks.</param>
    /// <param name="free">How many of the blocks found are free now, and would stop being so.</param>
    /// <returns>Blocks found, from the first on.</returns>
    public int Match(Sequence sequence, out int free)
    {
        free = 0;
        if (!options.PrefixCaching || sequence.NeedsEveryToken) return 0;

        var whole = (sequence.Known - 1) / ForwardInput.BlockTokens;
        for (var i = 0; i < whole; i++)
        {
            if (!pool.Index.TryFind(HashOf(sequence, i), TokensOf(sequence, i), out var block)) return i;
            if (pool.Holders(block) == 0) free++;
        }
        return whole;
    }

    /// <summary>Gives the sequence the first <paramref name="count"/> blocks that <see cref="Match"/> found.</summary>
    public void Adopt(Sequence sequence, int count)
    {
        sequence.Table.Reserve(For(sequence.LengthMax));
        for (var i = 0; i < count; i++)
        {
            if (!pool.Index.TryFind(HashOf(sequence, i), TokensOf(sequence, i), out var block))
                throw Bug.Found($"Block {i} of sequence {sequence.Id} was found and is gone.");
            pool.Hold(block);
            sequence.Table.Add(block);
        }
        sequence.Published = count;
        sequence.Computed = count * ForwardInput.BlockTokens;
    }

    /// <summary>Blocks that <see cref="Fork"/> takes from the free ones: the copy of a block both would
    /// write.</summary>
    public static int ForkCost(Sequence leader) => (leader.PromptLength - 1) % ForwardInput.BlockTokens == 0 ? 0 : 1;

    /// <summary>Shares the leader's prompt with another choice of the same request, all but the last token.</summary>
    /// <remarks>Copy-on-write: full blocks are held by both, the block they would both write is copied now.</remarks>
    public void Fork(Sequence leader, Sequence sequence, Batch batch)
    {
        var shared = leader.PromptLength - 1;
        sequence.Table.Reserve(For(sequence.LengthMax));
        for (var i = 0; i < shared / ForwardInput.BlockTokens; i++)
        {
            pool.Hold(leader.Table.Blocks[i]);
            sequence.Table.Add(leader.Table.Blocks[i]);
        }
        sequence.Published = sequence.Table.Count;
        if (ForkCost(leader) > 0)
        {
            if (!pool.TryTake(out var copy)) throw Bug.Found("There is no block for a fork.");
            batch.AddCopy(new(leader.Table.Blocks[sequence.Table.Count], copy));
            sequence.Table.Add(copy);
        }
        sequence.Computed = shared;
    }

    /// <summary>Blocks that the sequence lacks to hold <paramref name="tokens"/> positions.</summary>
    public static int Missing(Sequence sequence, int tokens) => Math.Max(0, For(tokens) - sequence.Table.Count);

    /// <summary>Extends the table to <paramref name="tokens"/> positions, or changes nothing.</summary>
    public bool TryReserve(Sequence sequence, int tokens)
    {
        var missing = Missing(sequence, tokens);
        if (missing > pool.Free) return false;
        for (; missing > 0; missing--)
        {
            pool.TryTake(out var block);
            sequence.Table.Add(block);
        }
        return true;
    }

    /// <summary>Makes the sequence's full, computed blocks findable.</summary>
    public void Publish(Sequence sequence)
    {
        if (!options.PrefixCaching) return;

        for (; (sequence.Published + 1) * ForwardInput.BlockTokens <= sequence.Computed; sequence.Published++)
        {
            var i = sequence.Published;
            pool.Index.Publish(sequence.Table.Blocks[i], HashOf(sequence, i), TokensOf(sequence, i));
        }
    }

    /// <summary>Takes every block back, last block first, so that the end of a prefix is forgotten before its
    /// start.</summary>
    public void Release(Sequence sequence)
    {
        var blocks = sequence.Table.Blocks;
        for (var i = blocks.Length - 1; i >= 0; i--) pool.Release(blocks[i]);
        sequence.Table.Clear();
        sequence.Published = 0;
        sequence.Computed = 0;
    }

    private static ReadOnlySpan<int> TokensOf(Sequence sequence, int block) =>
        sequence.Tokens.Slice(block * ForwardInput.BlockTokens, ForwardInput.BlockTokens);

    private UInt128 HashOf(Sequence sequence, int block)
    {
        var hashes = sequence.Hashes;
        if (hashes.Count == 0)
        {
            var length = sequence.PromptLength > options.SharedLengthMax ? sequence.PromptLength : 0;
            hashes.Add(_hash.Root(options.Identity, sequence.Request.CacheSalt, length));
        }
        while (hashes.Count <= block + 1) hashes.Add(_hash.Next(hashes[^1], TokensOf(sequence, hashes.Count - 1)));
        return hashes[block + 1];
    }
}
