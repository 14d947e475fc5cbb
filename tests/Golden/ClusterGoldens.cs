using Minka.Cluster;
using Minka.Cluster.Tests;
using Minka.Models;
using Minka.Models.Loading;
using Minka.Plan;

namespace Minka.Golden;

/// <summary>Tiny models of each family, cut over ranks, against what transformers computes (golden/hf).</summary>
public sealed class ClusterGoldens
{
    private const string Folder = "golden/hf";
    private const float Tolerance = 1e-4f;
    private const int KvBlocks = 64;
    private static readonly StepLimits Limits = new(512, 1, 512, KvBlocks);

    private static readonly (int Tensor, int Pipeline)[] Cuts =
        [(2, 1), (3, 1), (4, 1), (5, 1), (8, 1), (1, 2), (1, 3), (1, 4), (2, 2), (4, 2)];

    public static TheoryData<string> Cases() =>
        SharedFolder.Cases(Folder, path => File.Exists(Path.Combine(path, "golden.safetensors")));

    [Theory, MemberData(nameof(Cases))]
    public void Every_cut_gives_the_logits_and_greedy_ids_of_transformers(string name)
    {
        var path = SharedFolder.Require(Folder, name);
        var golden = new GoldenTensors(Path.Combine(path, "golden.safetensors"));
        using var file = Open(name, path);

        foreach (var (tensor, pipeline) in Cuts)
        {
            if (pipeline > file.Config.Layers) continue;
            using var cluster = new ThreadCluster(file, Plan(file, tensor, pipeline), Limits, KvBlocks);
            CheckLogits($"{name}, TP {tensor} x PP {pipeline}", cluster, golden);
            Assert.Equal(golden.Ids("greedy"), Greedy(cluster, golden, file.Config.VocabularySize));
        }
    }

    private static void CheckLogits(string what, ThreadCluster cluster, GoldenTensors golden)
    {
        var prompt = golden.Ids("input_ids");
        var expected = golden.Floats("logits");
        var logits = cluster.Run(prompt.Length, (prompt, 0, Blocks));
        var off = Closeness.Distance(logits, expected);
        Assert.True(off <= Tolerance * Closeness.Scale(expected), $"{what}: logits are off by {off}.");
    }

    private static int[] Greedy(ThreadCluster cluster, GoldenTensors golden, int vocabularySize)
    {
        var prompt = golden.Ids("input_ids");
        var ids = new int[golden.Ids("greedy").Length];
        var logits = cluster.Run(1, (prompt, 0, Blocks));
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = GoldenRun.ArgMax(logits.AsSpan(0, vocabularySize));
            if (i + 1 < ids.Length) logits = cluster.RunNext(ids[i], prompt.Length + i, prompt.Length, Blocks);
        }
        return ids;
    }

    private static int[] Blocks { get; } = [.. Enumerable.Range(0, KvBlocks).Reverse()];

    private static ClusterPlan Plan(IWeightFile file, int tensor, int pipeline) => PlanBuilder.Build(new()
    {
        Model = PlannedModel.ShapeOf(file),
        Workers = [.. Enumerable.Range(0, tensor * pipeline).Select(rank => $"node{rank}:9000")],
        Tensor = tensor, Pipeline = pipeline,
    });

    private static IWeightFile Open(string name, string path)
    {
        try
        {
            return ModelFiles.Open(path);
        }
        catch (UnsupportedModelException exception)
        {
            Assert.Skip($"{name}: {exception.Message}");
            throw;
        }
    }
}
