using System.Globalization;

namespace Minka.Plan.Tests;

public sealed class PlanBuilderTests
{
    [Fact]
    public void Two_ranks_get_half_each()
    {
        var stage = Assert.Single(PlanBuilder.Build(Models.Request(Models.Llama1B, 2)).Replicas[0].Stages);

        Assert.Equal(new(0, 16), stage.Layers);
        Assert.Equal([new(0, 16), new(16, 32)], stage.Ranks.Select(rank => rank.Heads));
        Assert.Equal([new(0, 4), new(4, 8)], stage.Ranks.Select(rank => rank.KvHeads));
        Assert.Equal([new(0, 4096), new(4096, 8192)], stage.Ranks.Select(rank => rank.FeedForward));
        Assert.Equal([new(0, 64128), new(64128, 128256)], stage.Ranks.Select(rank => rank.Vocabulary));
    }

    [Fact]
    public void Three_ranks_get_uneven_groups_and_blocks()
    {
        var ranks = PlanBuilder.Build(Models.Request(Models.Llama1B, 3)).Replicas[0].Stages[0].Ranks;

        Assert.Equal([3, 3, 2], ranks.Select(rank => rank.KvHeads.Count));
        Assert.Equal([12, 12, 8], ranks.Select(rank => rank.Heads.Count));
        Assert.Equal([2752, 2720, 2720], ranks.Select(rank => rank.FeedForward.Count));
    }

    [Fact]
    public void Fifty_two_heads_on_eight_ranks_are_seven_and_six()
    {
        var ranks = PlanBuilder.Build(Models.Request(Models.Llama30B, 8)).Replicas[0].Stages[0].Ranks;

        Assert.Equal([7, 7, 7, 7, 6, 6, 6, 6], ranks.Select(rank => rank.Heads.Count));
    }

    [Fact]
    public void More_ranks_than_kv_heads_share_them()
    {
        var model = Models.Llama1B with { Heads = 8, KvHeads = 2 };

        var ranks = PlanBuilder.Build(Models.Request(model, 5)).Replicas[0].Stages[0].Ranks;

        Assert.Equal([new(0, 2), new(2, 3), new(3, 4), new(4, 6), new(6, 8)], ranks.Select(rank => rank.Heads));
        Assert.Equal([new(0, 1), new(0, 1), new(0, 1), new(1, 2), new(1, 2)], ranks.Select(rank => rank.KvHeads));
    }

    [Fact]
    public void Shares_are_weights()
    {
        var ranks = PlanBuilder.Build(Models.Request(Models.Llama1B, 3, shares: "2,1,1")).Replicas[0].Stages[0].Ranks;

        Assert.Equal([4, 2, 2], ranks.Select(rank => rank.KvHeads.Count));
        Assert.Equal([4096, 2048, 2048], ranks.Select(rank => rank.FeedForward.Count));
    }

    [Fact]
    public void Stages_take_layers_by_weight_or_by_number()
    {
        var weighed = PlanBuilder.Build(Models.Request(Models.Llama1B, 3, pipeline: 3, shares: "2,1,1"));
        var counted = PlanBuilder.Build(Models.Request(Models.Llama1B, 4, shares: "1:1@10*3:1@6"));

        Assert.Equal([8, 4, 4], weighed.Replicas[0].Stages.Select(stage => stage.Layers.Count));
        Assert.Equal([10, 6], counted.Replicas[0].Stages.Select(stage => stage.Layers.Count));
        Assert.Equal([6, 2], counted.Replicas[0].Stages[1].Ranks.Select(rank => rank.KvHeads.Count));
        Assert.Equal([2, 3], counted.Replicas[0].Stages[1].Ranks.Select(rank => rank.Rank));
    }

    [Theory]
    [InlineData(4, 3, 0, "", "--tp 3 x --pp 1 need 3 workers; there are 4.")]
    [InlineData(17, 1, 17, "", "17 stages were asked for; the model has 16 layers.")]
    [InlineData(2, 0, 0, "1,1,1", "It has 3 weights; there are 2 workers.")]
    [InlineData(2, 0, 0, "1,0", "'0' is not a weight above 0")]
    [InlineData(2, 0, 0, "1@9*1@8", "Its stages have 9 + 8 layers; the model has 16.")]
    [InlineData(2, 0, 0, "1@9*1", "Some stages say their layers (@) and some do not")]
    [InlineData(0, 0, 0, "", "0 workers were given")]
    public void A_request_that_cannot_be_met_is_refused_with_a_sentence(
        int workers, int tensor, int pipeline, string shares, string sentence)
    {
        var refused = Assert.Throws<PlanException>(() =>
            PlanBuilder.Build(Models.Request(Models.Llama1B, workers, tensor, pipeline, shares)));

        Assert.Contains(sentence, refused.Message, StringComparison.Ordinal);
    }

    /// <summary>The rules are checked here against a count of each thing that knows no ranges.</summary>
    [Fact]
    public void Every_head_column_expert_and_row_is_on_one_rank_for_random_shapes_shares_and_sizes()
    {
        var random = new Random(6);
        for (var round = 0; round < 1000; round++)
        {
            var model = Models.Random(random);
            var (tensor, pipeline) = (random.Next(1, 18), random.Next(1, Math.Min(5, model.Layers) + 1));
            var shares = string.Join(',', Enumerable.Range(0, tensor * pipeline)
                .Select(_ => (0.1 + (random.NextDouble() * 4)).ToString("0.###", CultureInfo.InvariantCulture)));
            var plan = PlanBuilder.Build(Models.Request(
                model, tensor * pipeline, tensor, pipeline, random.Next(3) == 0 ? "" : shares));

            Assert.Empty(PlanRules.Check(plan));
            var stages = plan.Replicas[0].Stages;
            AssertOnce(model.Layers, stages.Select(stage => stage.Layers));
            foreach (var (index, stage) in stages.Index())
            {
                var isEnd = index == 0 || index == pipeline - 1;
                AssertOnce(model.Heads, stage.Ranks.Select(rank => rank.Heads));
                AssertOnce(model.FeedForwardWidth, stage.Ranks.Select(rank => rank.FeedForward));
                AssertOnce(model.Experts, stage.Ranks.Select(rank => rank.Experts));
                AssertOnce(isEnd ? model.VocabularySize : 0, stage.Ranks.Select(rank => rank.Vocabulary));
                foreach (var rank in stage.Ranks) AssertReads(model, rank);
            }
        }
    }

    [Fact]
    public void Equal_shares_differ_by_at_most_one_unit()
    {
        for (var ranks = 1; ranks <= 17; ranks++)
        {
            var stage = PlanBuilder.Build(Models.Request(Models.Llama30B, ranks)).Replicas[0].Stages[0];

            Assert.InRange(Spread(stage.Ranks.Select(rank => rank.Heads.Count)), 0, 1);
            Assert.InRange(Spread(stage.Ranks.Select(rank => rank.FeedForward.Count)), 0, 32);
            Assert.InRange(Spread(stage.Ranks.Select(rank => rank.Vocabulary.Count)), 0, 16);
        }
    }

    private static int Spread(IEnumerable<int> counts) => counts.Max() - counts.Min();

    private static void AssertOnce(int total, IEnumerable<IndexRange> ranges)
    {
        var holders = new int[total];
        foreach (var range in ranges)
            for (var i = range.Start; i < range.End; i++) holders[i]++;
        Assert.Equal(-1, holders.AsSpan().IndexOfAnyExcept(1));
    }

    /// <summary>Each query head h reads key-value head h / (H / K), which must be there; no other is held.</summary>
    private static void AssertReads(ModelShape model, RankPlan rank)
    {
        var read = Enumerable.Range(rank.Heads.Start, rank.Heads.Count)
            .Select(head => head / (model.Heads / model.KvHeads)).Distinct();
        Assert.Equal(Enumerable.Range(rank.KvHeads.Start, rank.KvHeads.Count), read);
        Assert.True(rank.KvHeads.Count == 0 || rank.Heads.Count % rank.KvHeads.Count == 0);
    }
}
