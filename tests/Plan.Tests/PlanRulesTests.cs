namespace Minka.Plan.Tests;

public sealed class PlanRulesTests
{
    private static readonly ClusterPlan _plan = PlanBuilder.Build(Models.Request(Models.Llama1B, 4, tensor: 2));

    [Fact]
    public void A_built_plan_is_valid() => Assert.Empty(PlanRules.Check(_plan));

    [Fact]
    public void All_violations_are_found_at_once()
    {
        var broken = WithRank(_plan, 0, 1, rank => rank with
        {
            Rank = 7,
            Heads = new(20, 32),
            FeedForward = new(4096, 8000),
            Address = "nowhere",
        });

        var sentences = PlanRules.Check(broken).Select(violation => violation.ToString()).ToList();

        Assert.Equal(
        [
            "replicas[0].stages[0]: Rank 7 stands where rank 1 is due: ranks count from 0, stage after stage.",
            "replicas[0].stages[0]: heads [16, 20) are on no rank; each is needed once.",
            "replicas[0].stages[0]: feed-forward columns [8000, 8192) are on no rank; each is needed once.",
            "replicas[0].stages[0]: Rank 7 listens on 'nowhere'; needed is host:port.",
            "replicas[0].stages[0]: Rank 7 holds key-value heads [4, 8); its query heads [20, 32) read [5, 8).",
        ], sentences);
    }

    [Fact]
    public void A_head_on_two_ranks_is_named() => AssertViolation(
        "heads [12, 16) are on rank 1 and on one before it",
        WithRank(_plan, 0, 1, rank => rank with { Heads = new(12, 32), KvHeads = new(3, 8) }));

    [Fact]
    public void A_cut_inside_a_block_is_named() => AssertViolation(
        "feed-forward columns are cut at 4100 before rank 1; cuts are at multiples of 32.",
        WithRank(WithRank(_plan, 0, 0, rank => rank with { FeedForward = new(0, 4100) }), 0, 1,
            rank => rank with { FeedForward = new(4100, 8192) }));

    [Fact]
    public void Heads_that_straddle_a_group_are_named() => AssertViolation(
        "Heads [0, 18) of rank 0 are neither whole groups of 4 nor within one group",
        WithRank(_plan, 0, 0, rank => rank with { Heads = new(0, 18), KvHeads = new(0, 5) }));

    [Fact]
    public void An_expert_on_no_rank_or_on_two_is_named()
    {
        var plan = PlanBuilder.Build(Models.Request(Models.Mixture, 2));

        AssertViolation("replicas[0].stages[0]: experts [3, 4) are on no rank; each is needed once.",
            WithRank(plan, 0, 0, rank => rank with { Experts = new(0, 3) }));
        AssertViolation("experts [2, 4) are on rank 1 and on one before it",
            WithRank(plan, 0, 1, rank => rank with { Experts = new(2, 8) }));
        AssertViolation("experts [4, 9) of rank 1 are not within [0, 8).",
            WithRank(plan, 0, 1, rank => rank with { Experts = new(4, 9) }));
    }

    [Theory, InlineData(2, 0), InlineData(1, 1), InlineData(-1, 2), InlineData(3, 4)]
    public void Dense_layers_that_are_none_or_out_of_order_are_named(int first, int second) =>
        Assert.Contains(PlanRules.Check(_plan with { Model = Models.Mixture with { DenseLayers = [first, second] } }),
            violation => violation.ToString() == $"model.denseLayers: {first}, {second} are not layers below 4, each "
                + "once and in order.");

    [Fact]
    public void Experts_weigh_where_they_are_and_a_feed_forward_in_dense_layers_alone()
    {
        var replica = PlanBuilder.Build(Models.Request(Models.Mixture, 4, tensor: 2, shares: "3,1*1,1")).Replicas[0];

        // Rank 0: 6 of 8 heads, 768 of 1024 columns and 6 of 8 experts of layers 0 to 2, layer 1 of which is sparse.
        var rank = replica.Stages[0].Ranks[0];
        Assert.Equal(new IndexRange(0, 6), rank.Experts);
        Assert.Equal((3 * (100 + 120_000)) + (2 * 24_000) + 6000 + 480_000,
            PlanMemory.Of(Models.Mixture, replica, 0, rank).Weights);
        Assert.Equal((4 * 160_100) + (2 * 32_000) + (2 * 8000) + 960_000, Models.Mixture.WeightBytes());
    }

    [Fact]
    public void Ranks_beyond_the_experts_hold_none()
    {
        var stage = PlanBuilder.Build(Models.Request(Models.Mixture with { Experts = 3 }, 5)).Replicas[0].Stages[0];

        Assert.Equal([1, 1, 1, 0, 0], stage.Ranks.Select(rank => rank.Experts.Count));
    }

    [Fact]
    public void A_missing_layer_is_named()
    {
        var replica = _plan.Replicas[0];
        var short16 = _plan with
        {
            Replicas = [replica with { Stages = [replica.Stages[0], replica.Stages[1] with { Layers = new(9, 16) }] }],
        };

        AssertViolation("layers [8, 9) are on no stage", short16);
    }

    [Theory]
    [InlineData(-5, 3)]
    [InlineData(0, 2_000_000_000)]
    [InlineData(9, 3)]
    [InlineData(int.MinValue, int.MaxValue)]
    public void Ranges_beyond_all_bounds_are_refused(int start, int end) => AssertViolation(
        "are not within [0, 32)", WithRank(_plan, 0, 0, rank => rank with { Heads = new(start, end) }));

    [Fact]
    public void An_impossible_model_is_refused_before_anything_is_computed() => AssertViolation(
        "model.headDim: 0 is not within 1 and 16384.",
        _plan with { Model = _plan.Model with { HeadDim = 0 } });

    [Fact]
    public void The_sentence_shows_the_memory_arithmetic()
    {
        var nodes = Enumerable.Range(0, 4).Select(i => Node($"node{i}", i == 2 ? 512L << 20 : 8L << 30)).ToList();

        var violation = Assert.Single(PlanRules.Check(_plan, new([.. nodes, Node("root", 1 << 30)], [])));

        // Rank 2: 8 layers of (5242880 + 25165824 + 16384) bytes and half of the embedding's 262668288, KV of 8 layers
        // x 4096 tokens x 4 heads x 64 values x 2 x 2 bytes.
        Assert.Equal("node 'node2': Needed are 0.52 GiB (rank 2: weights 0.35, KV 0.03, working 0.14); 'node2' offers "
            + "0.50 (0.50 less 0.00 reserved). Give it a smaller share, fewer KV tokens, or add a node.",
            violation.ToString());
        Assert.Equal(
            new((8 * (5242880 + 25165824 + 16384)) + (262668288 / 2), 8 * 4096 * 4 * 64 * 4, 150_000_000),
            PlanMemory.Of(_plan.Model, _plan.Replicas[0], 1, _plan.Replicas[0].Stages[1].Ranks[0]));
    }

    [Fact]
    public void Slices_of_all_ranks_weigh_what_the_model_weighs()
    {
        var model = Models.Llama30B with { Bytes = Models.Llama30B.Bytes with { Replicated = 0 } };
        for (var ranks = 1; ranks <= 17; ranks++)
        {
            var replica = PlanBuilder.Build(Models.Request(model, ranks)).Replicas[0];

            var sum = replica.Stages[0].Ranks.Sum(rank => PlanMemory.Of(model, replica, 0, rank).Weights);

            // Rounded up to a byte per part, layer and rank.
            Assert.InRange(sum, model.WeightBytes(), model.WeightBytes() + (ranks * 60 * 4));
        }
    }

    [Fact]
    public void A_rank_on_an_unknown_machine_is_named() => Assert.Contains(
        PlanRules.Check(_plan, new([Node("node0", 1L << 40)], [])),
        violation => violation.Sentence == "Rank 3 runs on 'node3', which is not in the topology.");

    private static NodeSpec Node(string name, long bytes) => new()
    {
        Name = name, Address = name + ":9000", MemoryBytes = bytes,
        Devices = [new()
        {
            Kind = "cpu", Threads = 4, ReadBytesPerSecond = new(11.4e9, FigureSource.Declared),
            FlopsPerSecond = new(1.2e11, FigureSource.Default),
        }],
    };

    private static void AssertViolation(string part, ClusterPlan plan) => Assert.Contains(
        PlanRules.Check(plan), violation => violation.ToString().Contains(part, StringComparison.Ordinal));

    private static ClusterPlan WithRank(ClusterPlan plan, int stage, int rank, Func<RankPlan, RankPlan> change)
    {
        var replica = plan.Replicas[0];
        var ranks = replica.Stages[stage].Ranks.Select((old, i) => i == rank ? change(old) : old).ToList();
        var stages = replica.Stages.Select((old, i) => i == stage ? old with { Ranks = ranks } : old).ToList();
        return plan with { Replicas = [replica with { Stages = stages }] };
    }
}
