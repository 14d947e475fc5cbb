using System.Diagnostics;
using System.Globalization;
using Minka.Compute.Cpu;
using Minka.Engine;
using Minka.Engine.Constraints;
using Minka.Engine.Execution;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;
using Minka.Engine.Speculation;
using Minka.Models;
using Minka.Models.Templates;

namespace Minka.Bench.Engine;

/// <summary>What sharing a step, a prefix and a guess is worth on one model. Every result is a ratio of two runs that
/// took turns.</summary>
internal sealed class EngineMeasures : IDisposable
{
    public const int Users = 8, Chunk = 256;

    private static readonly string[] _questions =
    [
        "Tell me a story about a fox.", "Explain paged attention.", "Write a poem about the sea.",
    ];

    private readonly ModelPackage _package;
    private readonly CpuBackend _backend;
    private readonly ICausalModel _model;
    private readonly LocalExecutor _executor;
    private readonly SchedulerOptions _scheduling;
    private readonly int _context, _tokens;
    private readonly int[] _story;

    public EngineMeasures(string path, int threads, int tokens)
    {
        _tokens = tokens;
        _package = ModelPackage.Open(path);
        _backend = new CpuBackend(new() { Threads = threads });
        _context = Math.Min(_package.Config.ContextLength, 8192);
        _scheduling = new()
        {
            SequencesMax = Users, TokensPerStepMax = Chunk, LogitRowsMax = 32, ContextMax = _context,
        };
        var blocks = Math.Min(2048, Users * _context / ForwardInput.BlockTokens);
        _model = _package.Load(_backend, new() { KvBlocks = blocks, Limits = _scheduling.StepLimits(blocks) });
        _executor = new LocalExecutor(_model);
        _story = _package.Tokenizer.Encode(Story(_context));
        Name = _package.Config.Name ?? Path.GetFileNameWithoutExtension(path);
    }

    public string Name { get; }

    public string Machine => _backend.Description;

    /// <summary>Tokens of the prefix that two prompts share.</summary>
    public int PrefixLength => Math.Min(1000, _context / 2);

    /// <summary>Tokens of the prompt that is computed beside a stream.</summary>
    public int LongLength => Math.Min(4000, _context - 300);

    public void Dispose()
    {
        _model.Dispose();
        _backend.Dispose();
        _package.Dispose();
    }

    /// <summary>Tokens per second of eight users together, against one.</summary>
    public Task<double> UsersAsync() => MedianAsync(_ => RatioAsync(() => RateAsync(Users), () => RateAsync(1)));

    /// <summary>Time to the first token with a prefix that was seen before, against the first time.</summary>
    public Task<double> PrefixAsync() => MedianAsync(async round =>
    {
        await using var engine = new RunningEngine(_executor, _scheduling);
        var prefix = _story.AsMemory(round % 100, PrefixLength);
        var first = await engine.TextAsync(Request(prefix, 1));
        var second = await engine.TextAsync(Request(prefix.ToArray().Concat(_story.Take(8)).ToArray(), 1));
        return second.TimeToFirstToken / first.TimeToFirstToken;
    });

    /// <summary>The longest gap in a stream while a long prompt is computed, in chunks of that prompt.</summary>
    public Task<double> StallAsync() => MedianAsync(async round =>
    {
        await using var engine = new RunningEngine(_executor, _scheduling with { PrefixCaching = false });
        // As many tokens as steps that the prompt takes, and some.
        var stream = engine.GapsAsync(Request(_story.AsMemory(7, 20), 100));
        var prompt = await engine.TextAsync(Request(_story.AsMemory(round % 100, LongLength), 1));
        var gaps = await stream;
        var chunks = (LongLength + Chunk - 1) / Chunk;
        return gaps.Max() / (prompt.TimeToFirstToken.TotalMilliseconds / chunks);
    });

    /// <summary>Decoding a question's answer the second time in one chat with n-gram guesses, against
    /// without.</summary>
    /// <returns>Not a number where the model cannot chat.</returns>
    public async Task<double> CopyAsync()
    {
        if (_package.ChatTemplate is null) return double.NaN;
        List<GenerationRequest> requests = [];
        await using (var engine = new RunningEngine(_executor, _scheduling, null, null, _package.EosIds))
            foreach (var question in _questions)
            {
                var answer = await engine.IdsAsync(Chat(new ChatMessage("user", question)));
                var text = _package.Tokenizer.Decode([.. answer]);
                ChatMessage asked = new("user", question), said = new("assistant", text);
                requests.Add(Chat(asked, said, asked));
            }
        return await MedianAsync(_ => GuessRatioAsync(requests, new NgramDrafter(new())));
    }

    /// <summary>The same where nothing repeats itself: a text drawn at a high temperature.</summary>
    public Task<double> NonsenseAsync() => MedianAsync(round => GuessRatioAsync(
        [Request(_story.AsMemory(0, 60), 160) with { Sampling = new() { Temperature = 3, Seed = (ulong)round } }],
        new NgramDrafter(new())));

    /// <summary>The same with guesses of which none is ever right.</summary>
    public Task<double> WrongAsync() => MedianAsync(round => GuessRatioAsync(
        [Request(_story.AsMemory(round % 100, 60), 160)], new WrongDrafter()));

    /// <summary>Decoding under a constraint against without, on a vocabulary of the model's size.</summary>
    public Task<double> MasksAsync()
    {
        var vocabulary = MaskBench.Of(_package.Config.VocabularySize, new Random(1));
        var free = Request(_story.AsMemory(0, 60), _tokens) with { Sampling = new() { Temperature = 1 } };
        // Strings of any kind: nothing is forced, and nearly every token is allowed.
        var strings = Constraint.JsonSchema("""{"type":"array","items":{"type":"string"},"minItems":999}""");
        return MedianAsync(async _ =>
        {
            await using var engine = new RunningEngine(_executor, _scheduling, null, vocabulary);
            // Compiles the constraint, as the first of many requests does.
            await engine.TextAsync(free with { Constraint = strings, TokensMax = 2 });
            return await RatioAsync(
                async () => (await engine.TextAsync(free)).DecodeTime.TotalSeconds,
                async () => (await engine.TextAsync(free with { Constraint = strings })).DecodeTime.TotalSeconds);
        });
    }

    /// <summary>The median ratio of at least five rounds and four seconds, after those that are left to the
    /// compiler.</summary>
    private static async Task<double> MedianAsync(Func<int, Task<double>> measureAsync)
    {
        var (round, compiler) = (0, new CompilerWork());
        while (!compiler.IsDone) await measureAsync(round++);

        List<double> ratios = [];
        var start = Stopwatch.GetTimestamp();
        while (ratios.Count < 5 || Stopwatch.GetElapsedTime(start).TotalSeconds < 4)
            ratios.Add(await measureAsync(round++));
        return ratios.Order().ElementAt(ratios.Count / 2);
    }

    /// <summary>One measure over another, each taken twice: neither is always first, nor on a machine that grows slower
    /// always last.</summary>
    private static async Task<double> RatioAsync(Func<Task<double>> measureAsync, Func<Task<double>> ofAsync)
    {
        var of = await ofAsync();
        var measure = await measureAsync() + await measureAsync();
        return measure / (of + await ofAsync());
    }

    /// <summary>Tokens per second of decoding with guesses, against without; the texts are the same.</summary>
    private Task<double> GuessRatioAsync(List<GenerationRequest> requests, IDrafter drafter) =>
        RatioAsync(() => DecodeAsync(requests, null), () => DecodeAsync(requests, drafter));

    /// <summary>Seconds from the first tokens of some requests, one after the other, to their last.</summary>
    private async Task<double> DecodeAsync(List<GenerationRequest> requests, IDrafter? drafter)
    {
        await using var engine = new RunningEngine(_executor, _scheduling, drafter, null, _package.EosIds);
        var seconds = 0.0;
        foreach (var request in requests)
        {
            var done = await engine.TextAsync(request);
            seconds += (done.Duration - done.TimeToFirstToken).TotalSeconds;
        }
        return seconds;
    }

    /// <summary>Tokens per second from when all users have their first one.</summary>
    private async Task<double> RateAsync(int users)
    {
        await using var engine = new RunningEngine(_executor, _scheduling);
        var start = Stopwatch.GetTimestamp();
        var firstTokens = await Task.WhenAll(Enumerable.Range(0, users).Select(async user =>
        {
            var submitted = Stopwatch.GetElapsedTime(start);
            var done = await engine.TextAsync(Request(_story.AsMemory(11 * user, 24), _tokens));
            return submitted + done.TimeToFirstToken;
        }));
        var decoding = Stopwatch.GetElapsedTime(start) - firstTokens.Max();
        return users * _tokens / decoding.TotalSeconds;
    }

    private GenerationRequest Chat(params ChatMessage[] messages)
    {
        var text = _package.ChatTemplate!.Render(
            new() { Messages = TemplateValue.From(messages), AddGenerationPrompt = true });
        return Request(_package.Tokenizer.Encode(text, addSpecial: false), 160) with { IgnoreEos = false };
    }

    private static GenerationRequest Request(ReadOnlyMemory<int> prompt, int count) =>
        new() { Prompt = prompt, TokensMax = count, Sampling = SamplingOptions.Greedy, IgnoreEos = true };

    private static string Story(int tokens) => string.Concat(Enumerable.Range(0, tokens).Select(i =>
        string.Create(CultureInfo.InvariantCulture, $"On day {i * 7919 % 1009} the ship met {i * 31 % 17} whales. ")));
}
