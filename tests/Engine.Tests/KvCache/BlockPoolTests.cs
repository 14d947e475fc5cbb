using Minka.Engine.KvCache;

namespace Minka.Engine.Tests.KvCache;

/// <summary>The integrity check finds every way in which blocks and tables can disagree.</summary>
public class BlockPoolTests
{
    private static readonly int[] Tokens = [.. Enumerable.Range(0, 16)];

    [Fact]
    public void Blocks_taken_shared_and_released_add_up()
    {
        var (pool, first, second) = Shared();

        pool.CheckIntegrity([first, second]);

        Assert.Equal((3, 1), (pool.Used, pool.Free));
        foreach (var table in (BlockTable[])[first, second])
            foreach (var block in table.Blocks) pool.Release(block);
        pool.CheckIntegrity([]);
        Assert.Equal(4, pool.Free);
    }

    [Fact]
    public void A_block_that_no_table_holds_is_noticed()
    {
        var (pool, first, second) = Shared();
        pool.TryTake(out _);

        Assert.Throws<InvalidOperationException>(() => pool.CheckIntegrity([first, second]));
    }

    [Fact]
    public void A_block_that_two_tables_hold_but_one_counts_is_noticed()
    {
        var (pool, first, second) = Shared();
        second.Add(first.Blocks[1]);

        Assert.Throws<InvalidOperationException>(() => pool.CheckIntegrity([first, second]));
    }

    [Fact]
    public void A_table_that_is_forgotten_is_noticed()
    {
        var (pool, first, _) = Shared();

        Assert.Throws<InvalidOperationException>(() => pool.CheckIntegrity([first]));
    }

    [Fact]
    public void A_block_cannot_be_released_twice()
    {
        var (pool, first, _) = Shared();
        pool.Release(first.Blocks[1]);

        Assert.Throws<InvalidOperationException>(() => pool.Release(first.Blocks[1]));
    }

    [Fact]
    public void What_was_published_is_taken_last_and_longest_unused_first()
    {
        var pool = new BlockPool(3);
        for (var i = 0; i < 3; i++) pool.TryTake(out _);
        pool.Index.Publish(1, 11, Tokens);
        pool.Index.Publish(0, 10, Tokens);
        foreach (var block in (int[])[1, 2, 0]) pool.Release(block);

        List<int> order = [];
        while (pool.TryTake(out var block)) order.Add(block);

        // 2 is worth nothing to others; 1 was left before 0.
        Assert.Equal([2, 1, 0], order);
        Assert.Equal(0, pool.Index.Count);
    }

    [Fact]
    public void A_collision_of_hashes_shows_nobody_anothers_block()
    {
        var pool = new BlockPool(1);
        pool.TryTake(out var block);
        pool.Index.Publish(block, 7, Tokens);

        Assert.True(pool.Index.TryFind(7, Tokens, out _));
        Assert.False(pool.Index.TryFind(7, [.. Tokens.Reverse()], out _));
    }

    /// <summary>Of four blocks two tables hold two each, the first of which is the same.</summary>
    private static (BlockPool, BlockTable, BlockTable) Shared()
    {
        var pool = new BlockPool(4);
        var (first, second) = (new BlockTable(), new BlockTable());
        for (var i = 0; i < 2; i++)
        {
            pool.TryTake(out var block);
            first.Add(block);
        }
        pool.Hold(first.Blocks[0]);
        second.Add(first.Blocks[0]);
        pool.TryTake(out var own);
        second.Add(own);
        return (pool, first, second);
    }
}
