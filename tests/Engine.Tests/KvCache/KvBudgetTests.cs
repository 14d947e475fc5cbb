using Minka.Engine.KvCache;

namespace Minka.Engine.Tests.KvCache;

public class KvBudgetTests
{
    private const long GiB = 1L << 30, MiB = 1L << 20;

    // 10 GiB, of which 1 is reserved, 4 are weights and 1 scratch: 4 GiB are left.
    private static readonly KvDemand Demand =
        new(10 * GiB, 4 * GiB, 1 * GiB, BlockBytes: 2 * MiB, ModelContext: 8192, Sequences: 2);

    [Fact]
    public void As_many_blocks_as_the_sequences_can_use_if_they_fit()
    {
        var budget = KvBudget.Of(Demand);

        Assert.Equal((1024, 8192), (budget.Blocks, budget.Context));
        Assert.Equal("context 8,192: room for 2 sequences of that length", budget.Explanation[^1]);
    }

    [Fact]
    public void No_more_blocks_than_the_memory_holds()
    {
        var budget = KvBudget.Of(Demand with { Sequences = 16 });

        Assert.Equal(2048, budget.Blocks);
        Assert.Equal(
            "context 8,192: room for 4 sequences of that length; 16 run at once while they are shorter",
            budget.Explanation[^1]);
        Assert.Equal(
            [
                "memory limit                   10.00 GiB",
                "- 10 % for everything else      1.00 GiB",
                "- weights                       4.00 GiB",
                "- activations and logits        1.00 GiB",
                "= left for keys and values      4.00 GiB",
                "a block of 16 positions          2.0 MiB",
                "2,048 blocks                    4.00 GiB",
            ],
            budget.Explanation.SkipLast(1));
    }

    [Fact]
    public void A_draft_model_takes_its_weights_from_the_memory_and_says_so()
    {
        var budget = KvBudget.Of(Demand with { Sequences = 16, DraftWeightBytes = 1 * GiB });

        Assert.Equal(1536, budget.Blocks);
        Assert.Equal("- weights of the draft model    1.00 GiB", budget.Explanation[3]);
        Assert.Equal("= left for keys and values      3.00 GiB", budget.Explanation[5]);
    }

    [Fact]
    public void A_context_nobody_asked_for_shrinks_to_what_fits()
    {
        var budget = KvBudget.Of(Demand with { BlockBytes = 16 * MiB });

        Assert.Equal((256, 4096), (budget.Blocks, budget.Context));
        Assert.Contains("(all that fits)", budget.Explanation[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_context_that_was_asked_for_and_does_not_fit_is_refused_with_one_that_does()
    {
        var refused = Assert.Throws<ArgumentException>(
            () => KvBudget.Of(Demand with { BlockBytes = 16 * MiB, Context = 8192 }));

        Assert.Contains("512 KV blocks", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Lower --ctx to 4,096", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Kv_memory_is_used_whole_if_it_is_there()
    {
        Assert.Equal(1536, KvBudget.Of(Demand with { KvMemory = 3 * GiB }).Blocks);
        Assert.Throws<ArgumentException>(() => KvBudget.Of(Demand with { KvMemory = 6 * GiB }));
    }

    [Theory]
    [InlineData(5 * GiB)]
    [InlineData(1 * GiB)]
    [InlineData(0)]
    public void A_model_that_leaves_nothing_is_refused(long limit) =>
        Assert.Throws<ArgumentException>(() => KvBudget.Of(Demand with { MemoryLimit = limit }));

    [Fact]
    public void A_context_beyond_the_models_is_refused() =>
        Assert.Throws<ArgumentException>(() => KvBudget.Of(Demand with { Context = 8193 }));
}
