using Minka.Engine;
using Minka.Engine.Execution;
using Minka.Engine.Sampling;

namespace Minka.Cluster.Tests;

/// <summary>Log-probabilities, of texts and of prompts, are those of one machine, and no row travels whole for
/// them.</summary>
public sealed class LogprobTests
{
    private static readonly Lazy<Task<List<List<TokenLogprobs>>>> Alone = new(
        () => TinyCluster.AloneAsync(model => AnswersAsync(new LocalExecutor(model), CancellationToken.None)));

    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, 1, 0)]
    [InlineData(1, 3, 0)]
    [InlineData(2, 1, 1e-4)]
    [InlineData(3, 1, 1e-4)]
    [InlineData(2, 2, 1e-4)]
    public async Task They_are_those_of_one_machine(int tensor, int pipeline, double tolerance)
    {
        using var cluster = TinyCluster.Of(tensor, pipeline);

        var many = await AnswersAsync(cluster.Executor, _cancellation);

        var alone = await Alone.Value;
        Assert.Equal(alone.Count, many.Count);
        foreach (var (expected, actual) in alone.Zip(many))
        {
            Assert.Equal(expected.Select(one => one.Chosen.Id), actual.Select(one => one.Chosen.Id));
            foreach (var (one, other) in expected.Zip(actual))
            {
                // Where one rank has the whole vocabulary, sums are the same to the bit, and so is all that follows.
                Assert.Equal(one.Chosen.Logprob, other.Chosen.Logprob, tolerance);
                Assert.Equal(one.Top.Count, other.Top.Count);
                foreach (var (first, second) in one.Top.Zip(other.Top))
                {
                    Assert.Equal(first.Logprob, second.Logprob, tolerance);
                    // Two that are as close as that may stand the other way round.
                    if (tolerance == 0) Assert.Equal(first.Id, second.Id);
                }
            }
        }
    }

    [Fact]
    public async Task A_token_with_twenty_of_them_takes_some_hundred_bytes()
    {
        using var narrow = TinyCluster.Of(2, 1);
        using var wide = TinyCluster.Of(2, 1, collectives: new() { LogitCandidates = 0 });

        var vocabulary = TinyCluster.Package.Config.VocabularySize;
        var (few, all) = (await BytesAsync(narrow.Executor), await BytesAsync(wide.Executor));

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{few:0} bytes a token instead of {all:0}; the vocabulary has {vocabulary}.");
        // Two ranks: 28 logits with their ids and a sum each, and what frames them.
        Assert.InRange(few, 2 * ((28 * 8) + 12), 2 * ((28 * 8) + 12 + 64));
        Assert.InRange(all, 4 * vocabulary, double.MaxValue);
    }

    private static async Task<double> BytesAsync(ClusterExecutor executor)
    {
        var request = Request("Once upon a time") with { WantsLogprobs = true, TopLogprobs = 20, TokensMax = 20 };
        await OneAsync(executor, request, TestContext.Current.CancellationToken);
        return executor.Meter.Status().Links.Sum(link => link.BytesReceived) / 20.0;
    }

    /// <summary>Drawn and greedy, lowered by rules of every kind; of prompts in several steps, of prompts
    /// alone.</summary>
    private static IEnumerable<GenerationRequest> Requests()
    {
        var story = string.Concat(Enumerable.Repeat("Tell me a story about a fox and a lamp. ", 5));
        yield return Request("What is 12 + 30?") with { WantsLogprobs = true, TopLogprobs = 20 };
        yield return Request("Once") with { WantsLogprobs = true };
        yield return Request("Name a colour") with
        {
            WantsLogprobs = true,
            TopLogprobs = 5,
            Sampling = new() { Temperature = 0.9f, TopK = 30, TopP = 0.9f, MinP = 0.02f, Seed = 5 },
        };
        yield return Request("Name a colour") with
        {
            WantsLogprobs = true,
            TopLogprobs = 5,
            Sampling = new() { Temperature = 0.9f, TopP = 0.9f, Seed = 6 },
        };
        yield return Request("Say") with
        {
            WantsLogprobs = true,
            TopLogprobs = 2,
            TokensMin = 10,
            Sampling = new()
            {
                Temperature = 0, BadWords = [[40], [1, 41]], RepetitionPenalty = 1.2f, PenaltyWindow = 8,
                LogitBias = new Dictionary<int, float> { [42] = -100, [43] = -1 },
            },
        };
        yield return Request(story) with { WantsPromptLogprobs = true, PromptTopLogprobs = 3, TokensMax = 2 };
        yield return Request(story + "And then") with
        {
            WantsPromptLogprobs = true,
            TokensMax = 0,
            Sampling = new() { Temperature = 1 },
        };
        yield return Request(story) with
        {
            WantsPromptLogprobs = true,
            PromptTopLogprobs = 20,
            WantsLogprobs = true,
            TopLogprobs = 1,
            TokensMax = 4,
            Sampling = new() { Temperature = 1, Seed = 3 },
        };
    }

    private static GenerationRequest Request(string text) => new()
    {
        Prompt = TinyCluster.Package.Tokenizer.Encode(text, addSpecial: true), TokensMax = 16, IgnoreEos = true,
        Sampling = new() { Temperature = 0 },
    };

    private static async Task<List<List<TokenLogprobs>>> AnswersAsync(
        IExecutor executor, CancellationToken cancellation)
    {
        var answers = new List<List<TokenLogprobs>>();
        foreach (var request in Requests()) answers.Add(await OneAsync(executor, request, cancellation));
        return answers;
    }

    private static async Task<List<TokenLogprobs>> OneAsync(
        IExecutor executor, GenerationRequest request, CancellationToken cancellation)
    {
        var engine = new LlmEngine(
            executor, new() { Scheduling = TinyCluster.Scheduling, EosIds = TinyCluster.Package.EosIds },
            TimeProvider.System);
        var generation = engine.Submit(request, cancellation);
        var running = engine.RunAsync(cancellation);
        var measured = new List<TokenLogprobs>();
        await foreach (var token in generation.WithCancellation(cancellation))
            if (token.Logprobs is { } logprobs) measured.Add(logprobs);
        engine.Stop();
        await running;
        return [.. generation.PromptLogprobs, .. measured];
    }
}
