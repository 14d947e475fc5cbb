using Minka.Compute.Cpu;
using Minka.Engine;
using Minka.Engine.Execution;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;
using Minka.Engine.Speculation;
using Minka.Models;
using Minka.Models.Loading;

namespace Minka.Golden;

/// <summary>
/// What a request says does not depend on who else runs, on chunks, prefixes found, preemption or guesses: tokens and
/// log-probabilities of real models in the product's own arithmetic, to the bit.
/// </summary>
public sealed class BatchInvariance
{
    private const string Folder = "golden/hf";
    private const int KvBlocks = 80, ContextMax = 256;

    public static TheoryData<string> Cases() =>
        SharedFolder.Cases(Folder, path => File.Exists(Path.Combine(path, "golden.safetensors")));

    [Fact]
    public Task The_built_in_model_says_the_same_whatever_runs_beside_it() =>
        CheckAsync(Path.Combine(SourceTree.BuiltInFolder, "minka-tiny.Q8_0.gguf"));

    [Theory, MemberData(nameof(Cases))]
    public async Task A_request_says_the_same_whatever_runs_beside_it(string name)
    {
        var path = SharedFolder.Require(Folder, name);
        try
        {
            await CheckAsync(path);
        }
        catch (UnsupportedModelException exception)
        {
            Assert.Skip($"{name}: {exception.Message}");
        }
    }

    private static async Task CheckAsync(string path)
    {
        using var file = ModelFiles.Open(path);
        using var backend = new CpuBackend(new() { Threads = 2 });
        var context = Math.Min(ContextMax, file.Config.ContextLength);
        var requests = Requests(file.Config.VocabularySize, context).ToArray();

        var alone = new SchedulerOptions
        {
            SequencesMax = 1, TokensPerStepMax = 256, LogitRowsMax = 1, ContextMax = context, PrefixCaching = false,
        };
        var expected = new List<string>();
        using (var model = Load(file, backend, alone))
            foreach (var request in requests) expected.AddRange(await SaidAsync(model, alone, null, [request]));

        var together = new SchedulerOptions
        {
            SequencesMax = 5, TokensPerStepMax = 40, ChunkTokensMax = 13, LogitRowsMax = 24, ContextMax = context,
        };
        using var shared = Load(file, backend, together);
        // Twice in one engine, so that the second time finds the blocks of the first.
        var said = await SaidAsync(shared, together, new NgramDrafter(new()), [.. requests, .. requests]);
        Assert.Equal([.. expected, .. expected], said);
    }

    private static Decoder Load(IWeightFile file, CpuBackend backend, SchedulerOptions options) =>
        Decoder.Load(file, backend, new() { KvBlocks = KvBlocks, Limits = options.StepLimits(KvBlocks) });

    /// <summary>All that each request says: tokens, and how probable they were.</summary>
    private static async Task<string[]> SaidAsync(
        Decoder model, SchedulerOptions options, IDrafter? drafter, GenerationRequest[] requests)
    {
        var engine = new LlmEngine(
            new LocalExecutor(model), new() { Scheduling = options, Drafter = drafter }, TimeProvider.System);
        var generations = requests.Select(request => engine.Submit(request)).ToArray();
        engine.Stop();
        var run = engine.RunAsync(TestContext.Current.CancellationToken);
        var said = new List<string>();
        foreach (var generation in generations)
        {
            var choices = await Completion.ReadAsync(generation, TestContext.Current.CancellationToken);
            said.AddRange(choices.Select(choice => string.Join(' ', choice.Logprobs.Select(
                at => $"{at.Chosen.Id}:{BitConverter.SingleToInt32Bits(at.Chosen.Logprob):x8}"))));
        }
        await run;
        return [.. said];
    }

    /// <summary>Prompts of unlike lengths that begin alike, sampled in unlike ways.</summary>
    private static IEnumerable<GenerationRequest> Requests(int vocabulary, int context)
    {
        for (var i = 0; i < 7; i++)
        {
            var length = Math.Min(18 + 23 * i, context - 24);
            var tokens = Enumerable.Range(0, length).Select(p => (p < 40 ? 7 * p + 3 : p * (i + 5)) % vocabulary);
            yield return new()
            {
                Prompt = tokens.ToArray(),
                TokensMax = 20,
                Choices = i == 2 ? 2 : 1,
                IgnoreEos = true,
                WantsLogprobs = true,
                Sampling = i % 3 == 0
                    ? SamplingOptions.Greedy
                    : new() { Temperature = 0.9f, TopP = 0.95f, RepetitionPenalty = 1.1f, Seed = (ulong)i },
            };
        }
    }
}
