using Minka.Engine;
using Minka.Engine.Constraints;
using Minka.Engine.Execution;
using Minka.Engine.Speculation;
using Minka.Models;
using Minka.Plan;

namespace Minka.Cluster.Tests;

/// <summary>
/// The built-in model through the whole engine, on one machine and on every cut: the same tokens, whatever is asked.
/// </summary>
public sealed class SameTextTests
{
    private static readonly Lazy<Task<List<string>>> Alone = new(
        () => TinyCluster.AloneAsync(model => AnswersAsync(new LocalExecutor(model))));

    [Theory]
    [InlineData(2, 1, "")]
    [InlineData(3, 1, "")]
    [InlineData(4, 1, "")]
    [InlineData(5, 1, "")]
    [InlineData(8, 1, "")]
    [InlineData(1, 2, "")]
    [InlineData(1, 3, "")]
    [InlineData(1, 4, "")]
    [InlineData(2, 2, "")]
    [InlineData(4, 2, "")]
    [InlineData(3, 1, "1,3,2")]
    [InlineData(0, 0, "1:2@1*1@4")]
    public async Task Eight_requests_of_every_kind_say_the_same_on_every_cut(int tensor, int pipeline, string shares)
    {
        var layers = TinyCluster.Package.Config.Layers;
        if (pipeline > layers) Assert.Skip($"The model has {layers} layers.");
        using var cluster = TinyCluster.Of(tensor, pipeline, shares, new());

        // Guesses are verified on the ranks, a chunk of several rows of logits each.
        Assert.Equal(await Alone.Value, await AnswersAsync(cluster.Executor, new NgramDrafter(new())));
    }

    /// <summary>With one step in flight a stage waits while the others work; with one for each, none does.</summary>
    [Theory]
    [InlineData(1, 2, 1)]
    [InlineData(1, 2, 2)]
    [InlineData(1, 2, 5)]
    [InlineData(2, 2, 1)]
    [InlineData(2, 2, 2)]
    [InlineData(1, 3, 3)]
    public async Task However_many_steps_are_in_flight_the_text_is_the_same(int tensor, int pipeline, int steps)
    {
        using var cluster = TinyCluster.Of(tensor, pipeline, "", new(), steps);

        Assert.Equal(await Alone.Value, await AnswersAsync(cluster.Executor, new NgramDrafter(new())));

        var meter = cluster.Executor.Meter;
        Assert.Equal(steps > 1, meter.Step.SumNanoseconds > meter.BusyNanoseconds);
        Assert.Equal(steps > 1, meter.Trace.Since(0).Any(entry => entry.Lane > 0));
    }

    [Theory]
    [InlineData(CollectiveAlgorithm.OneShot)]
    [InlineData(CollectiveAlgorithm.TwoShot)]
    [InlineData(CollectiveAlgorithm.Doubling)]
    [InlineData(CollectiveAlgorithm.Ring)]
    [InlineData(CollectiveAlgorithm.Star)]
    public async Task Every_way_of_summing_says_the_same(CollectiveAlgorithm algorithm)
    {
        using var cluster = TinyCluster.Of(4, 1, "", new() { Hidden = new(algorithm, WireFormat.F32) });

        Assert.Equal(await Alone.Value, await AnswersAsync(cluster.Executor));
        Assert.InRange(await DistanceAsync(cluster), 0, 1e-4);
    }

    [Fact]
    public async Task Sums_of_bytes_change_little_and_how_little_is_said()
    {
        using var cluster = TinyCluster.Of(2, 2, "",
            new() { Hidden = new(CollectiveAlgorithm.TwoShot, WireFormat.Q8), Boundary = WireFormat.Q8 });

        var (alone, many) = (await Alone.Value, await AnswersAsync(cluster.Executor));

        var divergence = await DivergenceAsync(cluster);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"q8 between ranks: KL {divergence:0.0000} nats a token; {alone.Zip(many).Count(pair =>
                pair.First == pair.Second)} of {alone.Count} texts are the same. '{alone[0]}' is '{many[0]}'.");
        Assert.InRange(divergence, 0, 0.02);
    }

    [Fact]
    public async Task A_plan_that_wants_all_logits_gets_them_and_says_the_same()
    {
        using var cluster = TinyCluster.Of(2, 1, "", new() { LogitCandidates = 0 });

        Assert.Equal(await Alone.Value, await AnswersAsync(cluster.Executor));
    }

    /// <summary>They share a prefix, draw, are punished, biased, measured and constrained, all at once.</summary>
    private static IEnumerable<GenerationRequest> Requests()
    {
        var story = string.Concat(Enumerable.Repeat("Tell me a story about a fox and a lamp. ", 5));
        yield return Request("What is 12 + 30?");
        yield return Request(story + "Once");
        yield return Request(story) with { Sampling = new() { Temperature = 0, RepetitionPenalty = 1.3f } };
        yield return Request(story) with { Sampling = new() { Temperature = 0.9f, TopK = 20, Seed = 5 } };
        yield return Request("Name") with { Sampling = new() { Temperature = 0.8f, TopP = 0.9f, Seed = 6 } };
        yield return Request("Say") with
        {
            Sampling = new() { Temperature = 0, LogitBias = new Dictionary<int, float> { [40] = 4 } },
        };
        yield return Request("What is 7 + 8?") with { WantsLogprobs = true, TopLogprobs = 3 };
        yield return Request("Give me a number.") with
        {
            Constraint = Constraint.Regex("[0-9]{3}-(red|green)"),
            IgnoreEos = false,
        };
    }

    private static GenerationRequest Request(string text) => new()
    {
        Prompt = TinyCluster.Package.Tokenizer.Encode(text, addSpecial: true), TokensMax = 24, IgnoreEos = true,
        Sampling = new() { Temperature = 0 },
    };

    private static async Task<List<string>> AnswersAsync(IExecutor executor, IDrafter? drafter = null)
    {
        var tokenizer = TinyCluster.Package.Tokenizer;
        var engine = new LlmEngine(executor, new()
        {
            Scheduling = TinyCluster.Scheduling, EosIds = TinyCluster.Package.EosIds, Drafter = drafter,
            Vocabulary = new(TinyCluster.Package.Config.VocabularySize, id => tokenizer.IsSpecial(id) ? default
                : System.Text.Encoding.UTF8.GetBytes(tokenizer.Decode([id]))),
        }, TimeProvider.System);
        var running = engine.RunAsync();
        var texts = await Task.WhenAll(Requests().Select(async request =>
        {
            var ids = new List<int>();
            await foreach (var token in engine.Submit(request))
                if (token.IsText) ids.Add(token.Id);
            return tokenizer.Decode(ids.ToArray());
        }));
        engine.Stop();
        await running;
        return [.. texts];
    }

    private static Task<(float[] Alone, float[] Many)> LogitsAsync(ThreadCluster cluster) =>
        TinyCluster.AloneAsync(model =>
        {
            var prompt = TinyCluster.Package.Tokenizer.Encode(
                "A fox sat by the lamp and thought of 12 and 30.", addSpecial: true).Take(30).ToArray();
            int[] blocks = [3, 1];
            var input = new ForwardInput(model.Limits);
            input.AddSequence(prompt, 0, prompt.Length, blocks, prompt.Length);
            var alone = new float[prompt.Length * model.Config.VocabularySize];
            model.Forward(input, alone);
            return Task.FromResult((alone, cluster.Run(prompt.Length, (prompt, 0, blocks))));
        });

    /// <summary>Largest difference of two logits, as a share of the largest.</summary>
    private static async Task<double> DistanceAsync(ThreadCluster cluster)
    {
        var (alone, many) = await LogitsAsync(cluster);
        return alone.Zip(many, (x, y) => Math.Abs(x - y)).Max() / alone.Max(Math.Abs);
    }

    /// <summary>Kullback-Leibler divergence from one machine, nats a token.</summary>
    private static async Task<double> DivergenceAsync(ThreadCluster cluster)
    {
        var (alone, many) = await LogitsAsync(cluster);
        var size = TinyCluster.Package.Config.VocabularySize;
        return alone.Chunk(size).Zip(many.Chunk(size), (p, q) =>
        {
            var (logP, logQ) = (LogSoftmax(p), LogSoftmax(q));
            return logP.Zip(logQ, (a, b) => Math.Exp(a) * (a - b)).Sum();
        }).Average();
    }

    private static double[] LogSoftmax(float[] logits)
    {
        var largest = logits.Max();
        var total = Math.Log(logits.Sum(logit => Math.Exp(logit - largest)));
        return [.. logits.Select(logit => logit - largest - total)];
    }
}
