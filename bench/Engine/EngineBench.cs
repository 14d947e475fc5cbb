using System.Diagnostics;
using System.Globalization;
using Minka.Bench.Kernels;
using Minka.Compute.Cpu;
using Minka.Engine;
using Minka.Engine.Constraints;
using Minka.Engine.Execution;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;
using Minka.Engine.Speculation;
using Minka.Models;

namespace Minka.Bench.Engine;

/// <summary><c>engine MODEL</c>: what sharing a step, a prefix and a guess is worth, as ratios of one run.</summary>
internal static class EngineBench
{
    private const int Users = 8, Chunk = 256;

    public static async Task<int> RunAsync(string[] args)
    {
        var options = new BenchOptions(args);
        if (args.FirstOrDefault(Path.Exists) is not { } path)
        {
            Console.Error.WriteLine(
                "engine needs a MODEL; --threads 2 --tokens 64 --only users|prefix|stall|guesses|masks.");
            return 2;
        }
        using var package = ModelPackage.Open(path);
        using var backend = new CpuBackend(new() { Threads = options.Numbers("--threads", "2")[0] });
        var context = Math.Min(package.Config.ContextLength, 8192);
        var scheduling = new SchedulerOptions
        {
            SequencesMax = Users, TokensPerStepMax = Chunk, LogitRowsMax = 32, ContextMax = context,
        };
        var blocks = Math.Min(2048, Users * context / ForwardInput.BlockTokens);
        using var model = package.Load(backend, new() { KvBlocks = blocks, Limits = scheduling.StepLimits(blocks) });
        var story = package.Tokenizer.Encode(Story(context));
        var run = new Runs(model, scheduling, story, options.Numbers("--tokens", "64")[0]);

        Console.WriteLine($"{backend.Description}; {package.Config.Name ?? Path.GetFileName(path)}\n");
        Console.WriteLine("| what | measured | wanted |\n| --- | --: | --: |");
        var only = options.Text("--only", "");
        if (only is "" or "users") await run.UsersAsync();
        if (only is "" or "prefix") await run.PrefixAsync(Math.Min(1000, context / 2));
        if (only is "" or "stall") await run.StallAsync(Math.Min(4000, context - 300));
        if (only is "" or "guesses") await run.GuessesAsync();
        if (only is "" or "masks") await run.MasksAsync(MaskBench.Of(package.Config.VocabularySize, new Random(1)));
        return 0;
    }

    private static string Story(int tokens) => string.Concat(Enumerable.Range(0, tokens).Select(i =>
        string.Create(CultureInfo.InvariantCulture, $"On day {i * 7919 % 1009} the ship met {i * 31 % 17} whales. ")));

    private sealed class Runs(ICausalModel model, SchedulerOptions scheduling, int[] story, int tokens)
    {
        /// <summary>Eight users against one, tokens per second of all together.</summary>
        public async Task UsersAsync()
        {
            List<double> ratios = [];
            for (var round = 0; round < 3; round++)
            {
                var one = await RateAsync(1);
                ratios.Add(await RateAsync(Users) / one);
            }
            Print($"{Users} users, times the tokens/s of one", ratios, ">= 3");
        }

        /// <summary>Time to the first token with a prefix that was seen before, against the first time.</summary>
        public async Task PrefixAsync(int length)
        {
            List<double> ratios = [];
            for (var round = 0; round < 3; round++)
            {
                await using var engine = new Running(model, scheduling);
                var first = await engine.TextAsync(Request(story.AsMemory(round, length), 1));
                var question = story.AsMemory(round, length).ToArray().Concat(story.Take(8)).ToArray();
                var second = await engine.TextAsync(Request(question, 1));
                ratios.Add(second.TimeToFirstToken / first.TimeToFirstToken);
            }
            Print($"a second prompt with the same {length} tokens: TTFT, times the first", ratios, "<= 0.15");
        }

        /// <summary>The longest gap in a stream while a long prompt is computed, against a chunk of that prompt
        /// alone.</summary>
        public async Task StallAsync(int length)
        {
            List<double> ratios = [];
            for (var round = 0; round < 3; round++)
            {
                await using var engine = new Running(model, scheduling with { PrefixCaching = false });
                var stream = engine.GapsAsync(Request(story.AsMemory(7, 20), 400));
                var prompt = await engine.TextAsync(Request(story.AsMemory(round, length), 1));
                var gaps = await stream;
                var chunks = (length + Chunk - 1) / Chunk;
                ratios.Add(gaps.Max() / (prompt.TimeToFirstToken.TotalMilliseconds / chunks));
            }
            // Not 1: the last chunks of a prompt attend to all of it and cost more than the mean.
            Print($"longest gap beside a prompt of {length}, in mean chunks of {Chunk}", ratios, "< 2");
        }

        /// <summary>Decoding with n-gram guesses against without, where the text repeats itself and where it does
        /// not.</summary>
        public async Task GuessesAsync()
        {
            List<double> copies = [], others = [], wrongs = [];
            for (var round = 0; round < 3; round++)
            {
                // A greedy text of a small model soon repeats itself; one drawn at a high temperature never does.
                copies.Add(await GuessRatioAsync(Request(story.AsMemory(0, 120), 160), new NgramDrafter(new())));
                others.Add(await GuessRatioAsync(Request(story.AsMemory(round, 60), 100) with
                {
                    Sampling = new() { Temperature = 3, Seed = (ulong)round },
                }, new NgramDrafter(new())));
                wrongs.Add(await GuessRatioAsync(Request(story.AsMemory(round, 60), 160), new WrongDrafter()));
            }
            Print("n-gram guesses on a text that repeats: tokens/s, times without", copies, ">= 1.8");
            Print("n-gram guesses on a text without sense: tokens/s, times without", others, ">= 0.95");
            Print("guesses of which none is ever right: tokens/s, times without", wrongs, ">= 0.95");
        }

        private async Task<double> GuessRatioAsync(GenerationRequest request, IDrafter drafter)
        {
            double[] rates = [0, 0];
            for (var i = 0; i < 2; i++)
            {
                await using var engine = new Running(model, scheduling, i == 0 ? null : drafter);
                var done = await engine.TextAsync(request);
                rates[i] = 1 / (done.Duration - done.TimeToFirstToken).TotalSeconds;
            }
            return rates[1] / rates[0];
        }

        /// <summary>Decoding under a constraint against without, on a vocabulary as large as the model's.</summary>
        public async Task MasksAsync(TokenVocabulary vocabulary)
        {
            var free = Request(story.AsMemory(0, 60), tokens) with { Sampling = new() { Temperature = 1 } };
            // Strings of any kind: nothing is forced, and nearly every token is allowed.
            var strings = Constraint.JsonSchema("""{"type":"array","items":{"type":"string"},"minItems":999}""");
            List<double> ratios = [];
            for (var round = 0; round < 4; round++)
            {
                await using var engine = new Running(model, scheduling, null, vocabulary);
                var constrained = await engine.TextAsync(free with { Constraint = strings });
                var other = await engine.TextAsync(free);
                // The first round compiles: the platform's code and the constraint.
                if (round > 0) ratios.Add(other.DecodeTime / constrained.DecodeTime);
            }
            Print($"strings in JSON, {vocabulary.Count:N0} tokens: tokens/s, times without", ratios, ">= 0.95");
        }

        private async Task<double> RateAsync(int users)
        {
            await using var engine = new Running(model, scheduling);
            var start = Stopwatch.GetTimestamp();
            var done = await Task.WhenAll(Enumerable.Range(0, users).Select(
                user => engine.TextAsync(Request(story.AsMemory(11 * user, 24), tokens))));
            var decoding = Stopwatch.GetElapsedTime(start) - done.Max(one => one.TimeToFirstToken);
            return users * tokens / decoding.TotalSeconds;
        }

        private static GenerationRequest Request(ReadOnlyMemory<int> prompt, int count) =>
            new() { Prompt = prompt, TokensMax = count, Sampling = SamplingOptions.Greedy, IgnoreEos = true };

        private static void Print(string what, List<double> ratios, string wanted) =>
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {what} | {ratios.Order().ElementAt(ratios.Count / 2):F2} | {wanted} |"));
    }

    /// <summary>An engine that runs until disposed.</summary>
    private sealed class Running : IAsyncDisposable
    {
        private readonly LlmEngine _engine;
        private readonly Task _run;

        public Running(
            ICausalModel model, SchedulerOptions scheduling, IDrafter? drafter = null,
            TokenVocabulary? vocabulary = null)
        {
            _engine = new LlmEngine(
                new LocalExecutor(model),
                new() { Scheduling = scheduling, Drafter = drafter, Vocabulary = vocabulary }, TimeProvider.System);
            _run = _engine.RunAsync();
        }

        public async Task<Generation> TextAsync(GenerationRequest request)
        {
            var generation = _engine.Submit(request);
            await Completion.ReadAsync(generation);
            return generation;
        }

        /// <summary>Milliseconds between the tokens of a stream.</summary>
        public async Task<List<double>> GapsAsync(GenerationRequest request)
        {
            List<double> gaps = [];
            var last = 0L;
            await foreach (var _ in _engine.Submit(request))
            {
                var now = Stopwatch.GetTimestamp();
                if (last > 0) gaps.Add(Stopwatch.GetElapsedTime(last, now).TotalMilliseconds);
                last = now;
            }
            return gaps;
        }

        public async ValueTask DisposeAsync()
        {
            _engine.Stop();
            await _run;
        }
    }
}
