using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Engine;
using Minka.Engine.Execution;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;
using Minka.Models;
using Minka.Models.Tests.Architectures;

namespace Minka.Cluster.Tests;

/// <summary>Vectors of a cluster are those of one machine, whatever the cut and whatever runs beside them.</summary>
public sealed class EmbeddingTests
{
    private const int KvBlocks = 96;

    private static readonly SchedulerOptions Scheduling = new()
    {
        SequencesMax = 8, TokensPerStepMax = 200, LogitRowsMax = 16, ContextMax = 240,
    };

    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Theory, InlineData(1, 1), InlineData(2, 1), InlineData(3, 1), InlineData(1, 3), InlineData(2, 2)]
    public async Task Vectors_and_the_text_beside_them_are_those_of_one_machine(int tensor, int pipeline)
    {
        using var file = new RandomModel(RandomModel.ConfigOf("llama"), 7);
        var limits = Scheduling.StepLimits(KvBlocks);
        using var backend = new CpuBackend(new() { Threads = 1, Reference = true });
        using var model = Decoder.Load(
            file, backend, new() { KvBlocks = KvBlocks, Limits = limits, KvType = DType.F32 });
        using var cluster = new ThreadCluster(file, SlicingContract.Plan(file, tensor, pipeline, ""), limits, KvBlocks);

        var expected = await AnswersAsync(new LocalExecutor(model));
        var actual = await AnswersAsync(cluster.Executor);

        Assert.Equal(expected.Text, actual.Text);
        foreach (var (one, other) in expected.Vectors.Zip(actual.Vectors))
        {
            Assert.Equal(file.Config.Width, one.Count);
            Assert.Equal(1, one.Sum(value => value * value), 1e-4);
            Assert.True(one.Zip(other, (x, y) => Math.Abs(x - y)).Max() <= 1e-5,
                $"{string.Join(' ', one.Take(8))} became {string.Join(' ', other.Take(8))}");
        }
    }

    /// <summary>Prompts of one piece and of several, which share a prefix; a text runs beside them.</summary>
    private async Task<(List<IReadOnlyList<float>> Vectors, int[] Text)> AnswersAsync(IExecutor executor)
    {
        var engine = new LlmEngine(executor, new() { Scheduling = Scheduling }, TimeProvider.System);
        var running = engine.RunAsync(_cancellation);
        var text = Completion.ReadAsync(engine.Submit(
            new() { Prompt = Tokens(30, 5), TokensMax = 40, Sampling = SamplingOptions.Greedy }), _cancellation);
        (int Length, EmbeddingPooling Pooling)[] asked =
        [
            (3, EmbeddingPooling.Mean), (180, EmbeddingPooling.Mean), (150, EmbeddingPooling.Last),
            (64, EmbeddingPooling.Last), (230, EmbeddingPooling.Mean), (40, EmbeddingPooling.Mean),
        ];
        var made = asked.Select(one => engine.Submit(new()
        {
            Prompt = Tokens(one.Length, 1), TokensMax = 0, Embedding = new EmbeddingOptions(one.Pooling),
        })).ToList();
        foreach (var generation in made) await Completion.ReadAsync(generation, _cancellation);
        var ids = (await text)[0].Ids.ToArray();
        engine.Stop();
        await running;
        return ([.. made.Select(generation => generation.Embedding)], ids);
    }

    private static int[] Tokens(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(83))];
    }
}
