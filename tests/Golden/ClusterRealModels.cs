using Minka.Cluster;
using Minka.Cluster.Tests;
using Minka.Models;
using Minka.Plan;

namespace Minka.Golden;

/// <summary>Real models cut over ranks say what transformers says (golden/hf with weights in models).</summary>
public sealed class ClusterRealModels
{
    private const string Folder = "golden/hf";
    private const float Tolerance = 1e-3f;
    private const int KvBlocks = 64, TokensMax = 16;
    private static readonly StepLimits Limits = new(512, 1, 1, KvBlocks);

    public static TheoryData<string> Cases() => RealModelGoldens.Prompts();

    [Theory, MemberData(nameof(Cases))]
    public void Every_cut_gives_the_greedy_answer_of_transformers(string name)
    {
        var folder = SharedFolder.Require(Folder, name);
        using var package = ModelPackage.Open(RealModelGoldens.ModelPath(name));
        var first = Directory.GetFiles(folder, "*.safetensors").Order(StringComparer.Ordinal).First();
        var golden = new GoldenTensors(first);
        var prompt = golden.Ids("input_ids");

        foreach (var (tensor, pipeline) in ((int, int)[])[(2, 1), (3, 1), (1, 2), (2, 2)])
        {
            var plan = PlanBuilder.Build(new()
            {
                Model = PlannedModel.ShapeOf(package.Weights),
                Workers = [.. Enumerable.Range(0, tensor * pipeline).Select(rank => $"node{rank}:9000")],
                Tensor = tensor, Pipeline = pipeline,
            });
            using var cluster = new ThreadCluster(package.Weights, plan, Limits, KvBlocks);

            var last = cluster.Run(1, (prompt, 0, Blocks));

            var off = Closeness.Distance(last, golden.Floats("last_logits"));
            Assert.True(off <= Tolerance, $"{name}, TP {tensor} x PP {pipeline}: the last logits are off by {off}.");
            int[] expected = [.. golden.Ids("greedy").Take(TokensMax)];
            Closeness.AssertGreedy(expected, golden.Floats("greedy_margin"),
                Greedy(cluster, last, prompt.Length, expected.Length), Tolerance);
        }
    }

    private static int[] Greedy(ThreadCluster cluster, float[] logits, int promptLength, int count)
    {
        var ids = new int[count];
        for (var i = 0; i < count; i++)
        {
            ids[i] = GoldenRun.ArgMax(logits);
            if (i + 1 < count) logits = cluster.RunNext(ids[i], promptLength + i, promptLength, Blocks);
        }
        return ids;
    }

    private static int[] Blocks { get; } = [.. Enumerable.Range(0, KvBlocks).Reverse()];
}
