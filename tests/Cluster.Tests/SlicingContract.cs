using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Models;
using Minka.Models.Tests.Architectures;
using Minka.Plan;

namespace Minka.Cluster.Tests;

/// <summary>A model that is cut computes what the whole one does, whatever the family and the cut.</summary>
public sealed class SlicingContract
{
    private const int KvBlocks = 32;
    private static readonly StepLimits Limits = new(64, 4, 64, 64);

    // Tensor-parallel ranks, stages, shares. The model has 2 key-value heads of 3 query heads each, 3 blocks of
    // feed-forward, 6 groups of vocabulary rows and 3 layers, so larger groups share heads or hold nothing.
    private static readonly (int Tensor, int Pipeline, string Shares)[] Cuts =
    [
        (1, 1, ""), (2, 1, ""), (3, 1, ""), (4, 1, ""), (5, 1, ""), (8, 1, ""), (1, 2, ""), (1, 3, ""), (2, 2, ""),
        (3, 2, ""), (2, 1, "2,1"), (3, 1, "1,3,1"), (0, 0, "1:1@2*1@1"), (0, 0, "1@1*1:2@2"),
    ];

    public static TheoryData<string, int, int, string> Cases()
    {
        var cases = new TheoryData<string, int, int, string>();
        foreach (var architecture in Models.Architectures.Architectures.All)
            foreach (var (tensor, pipeline, shares) in Cuts) cases.Add(architecture.Name, tensor, pipeline, shares);
        return cases;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Logits_are_those_of_the_whole_model(string architecture, int tensor, int pipeline, string shares)
    {
        using var file = new RandomModel(RandomModel.ConfigOf(architecture), 7);
        var plan = Plan(file, tensor, pipeline, shares);
        using var cluster = new ThreadCluster(file, plan, Limits, KvBlocks);
        int[] a = Tokens(33, 1), b = Tokens(20, 2);

        cluster.Run(0, (a[..17], 0, [0, 9, 4]));
        var sliced = cluster.Run(3, (b, 0, [5, 6]), (a[17..], 17, [0, 9, 4]));

        var whole = Whole(file, a, b);
        var distance = sliced.Zip(whole, (x, y) => Math.Abs(x - y)).Max();
        Assert.True(distance <= 1e-4f * whole.Max(Math.Abs), $"off by {distance} of {whole.Max(Math.Abs)}");
        if (tensor == 1) Assert.Equal(whole, sliced);
    }

    [Theory, InlineData(2, 1), InlineData(4, 1), InlineData(1, 3), InlineData(2, 2)]
    public void Quantised_weights_are_the_same_blocks_on_every_cut(int tensor, int pipeline)
    {
        using var file = new RandomModel(RandomModel.ConfigOf("llama"), 7);
        var tokens = Tokens(40, 3);
        using var one = new ThreadCluster(file, Plan(file, 1, 1, ""), Limits, KvBlocks, false, DType.Q8_0);
        using var many = new ThreadCluster(file, Plan(file, tensor, pipeline, ""), Limits, KvBlocks, false, DType.Q8_0);

        var expected = one.Run(8, (tokens, 0, [0, 1, 2]));
        var actual = many.Run(8, (tokens, 0, [0, 1, 2]));

        // Sums in another order now and then round an activation to the next of its 255 steps.
        var distance = actual.Zip(expected, (x, y) => Math.Abs(x - y)).Max();
        Assert.True(distance <= 1e-2f * expected.Max(Math.Abs), $"off by {distance} of {expected.Max(Math.Abs)}");
        if (tensor == 1) Assert.Equal(expected, actual);
    }

    [Theory, InlineData(EmbeddingPlacement.Sliced), InlineData(EmbeddingPlacement.EveryRank)]
    public void The_embedding_may_lie_on_every_rank(EmbeddingPlacement placement)
    {
        using var file = new RandomModel(RandomModel.ConfigOf("llama"), 7);
        var request = Request(file, 2, 1, "") with { Embedding = placement };
        using var cluster = new ThreadCluster(file, PlanBuilder.Build(request), Limits, KvBlocks);
        int[] a = Tokens(33, 1), b = Tokens(20, 2);

        var sliced = cluster.Run(3, (b, 0, [5, 6]), (a, 0, [0, 9, 4]));

        var whole = Whole(file, a, b);
        Assert.True(sliced.Zip(whole, (x, y) => Math.Abs(x - y)).Max() <= 1e-4f * whole.Max(Math.Abs));
    }

    [Fact]
    public void Each_rank_holds_its_share_of_weights_and_cache()
    {
        using var file = new RandomModel(RandomModel.ConfigOf("llama"), 7);
        using var one = new ThreadCluster(file, Plan(file, 1, 1, ""), Limits, KvBlocks);
        using var two = new ThreadCluster(file, Plan(file, 2, 1, ""), Limits, KvBlocks);
        one.Run(1, ([1], 0, [0]));
        two.Run(1, ([1], 0, [0]));

        Assert.Equal(one.Memory[0].KvBytes / 2, two.Memory[0].KvBytes);
        Assert.Equal(one.Memory[0].KvBytes / 2, two.Memory[1].KvBytes);
        // 96 columns of feed-forward are three blocks of 32: one rank has two of them.
        Assert.InRange(two.Memory[0].WeightBytes, one.Memory[0].WeightBytes * 0.45, one.Memory[0].WeightBytes * 0.65);
        Assert.InRange(two.Memory[1].WeightBytes, one.Memory[0].WeightBytes * 0.35, one.Memory[0].WeightBytes * 0.55);
    }

    [Fact]
    public void Each_rank_holds_its_share_of_the_experts_and_the_plan_says_so()
    {
        using var file = new RandomModel(RandomModel.ConfigOf("qwen3_moe"), 7);
        var plan = Plan(file, 2, 1, "3,8");
        using var two = new ThreadCluster(file, plan, Limits, KvBlocks);
        two.Run(1, ([1], 0, [0]));

        // 3 and 8 experts of two layers, each 3 x 64 x 64 floats.
        var stage = plan.Replicas[0].Stages[0];
        Assert.Equal([3, 8], stage.Ranks.Select(rank => rank.Experts.Count));
        for (var rank = 0; rank < 2; rank++)
        {
            var experts = 2L * stage.Ranks[rank].Experts.Count * 3 * 64 * 64 * 4;
            var (held, said) = (two.Memory[rank].WeightBytes,
                PlanMemory.Of(plan.Model, plan.Replicas[0], 0, stage.Ranks[rank]).Weights);
            Assert.InRange(held, experts, 2 * experts);
            // Packing fills up groups of 16 rows; norms are not counted as held.
            Assert.InRange(said, held * 0.95, held * 1.05);
        }
    }

    [Fact]
    public void A_slice_of_another_model_is_refused_with_its_numbers()
    {
        using var file = new RandomModel(RandomModel.ConfigOf("llama"), 7);
        using var backend = new CpuBackend(new() { Threads = 1 });
        var slice = ModelSlice.Whole(file.Config) with { Heads = 1..4, KvHeads = 0..1 };

        var refused = Assert.Throws<ArgumentException>(() => Decoder.Load(
            file, backend, new() { KvBlocks = 1, Limits = Limits, Slice = slice }));

        Assert.Contains("heads 1..4", refused.Message, StringComparison.Ordinal);
        Assert.Contains("0..2", refused.Message, StringComparison.Ordinal);
    }

    internal static ClusterPlan Plan(IWeightFile file, int tensor, int pipeline, string shares) =>
        PlanBuilder.Build(Request(file, tensor, pipeline, shares));

    private static PlanRequest Request(IWeightFile file, int tensor, int pipeline, string shares)
    {
        var ranks = tensor > 0 ? tensor * pipeline : shares.Split(':', '*', ',').Length;
        return new()
        {
            Model = PlannedModel.ShapeOf(file),
            Workers = [.. Enumerable.Range(0, ranks).Select(rank => $"node{rank}:9000")],
            Tensor = tensor, Pipeline = pipeline, Shares = shares,
        };
    }

    /// <summary>The last three logits of b, then of a.</summary>
    private static float[] Whole(RandomModel file, int[] a, int[] b)
    {
        using var backend = new CpuBackend(new() { Threads = 1, Reference = true });
        using var model = Decoder.Load(
            file, backend, new() { KvBlocks = KvBlocks, Limits = Limits, KvType = DType.F32 });
        var input = new ForwardInput(Limits);
        input.AddSequence(b, 0, b.Length, [5, 6], 3);
        input.AddSequence(a, 0, a.Length, [0, 9, 4], 3);
        var logits = new float[6 * file.Config.VocabularySize];
        model.Forward(input, logits);
        return logits;
    }

    private static int[] Tokens(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(83))];
    }
}
