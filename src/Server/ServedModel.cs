using System.Security.Cryptography;
using Minka.Engine;
using Minka.Engine.Constraints;
using Minka.Engine.Execution;
using Minka.Engine.Scheduling;
using Minka.Engine.Speculation;
using Minka.Models;
using Minka.Models.Loading;
using Minka.Models.Templates;
using Minka.Models.Tokenization;
using Minka.Server.Generating;
using Minka.Server.Tools;

namespace Minka.Server;

/// <summary>How a model is served.</summary>
public sealed record ServedModelOptions
{
    /// <summary>Limits of the scheduler, within what the executor was built for.</summary>
    public SchedulerOptions Scheduling { get; init; } = new();

    /// <summary>Who guesses tokens ahead; null for nobody.</summary>
    public IDrafter? Drafter { get; init; }

    /// <summary>How answers are sampled where a request does not say.</summary>
    public GenerationDefaults Defaults { get; init; } = GenerationDefaults.None;

    /// <summary>Instead of the model's own template; null for that one.</summary>
    public ChatTemplate? Template { get; init; }

    /// <summary>Rows for Prometheus about the machines that run the model; null where it is this one.</summary>
    public Func<CancellationToken, Task<string>>? MachineMetrics { get; init; }

    /// <summary>Looks at the machines that run the model, for the live page; null where it is this one.</summary>
    public Func<CancellationToken, Task<Web.ClusterView>>? Machines { get; init; }

    /// <summary>A reader that stands still for so long loses its request.</summary>
    public TimeSpan SlowReaderLimit { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>A loaded model with its engine running: text in, text out.</summary>
public sealed partial class ServedModel : IAsyncDisposable
{
    private readonly IDisposable _owned;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _running;
    private double _usualSeconds = 1;

    /// <summary>Starts the engine.</summary>
    /// <param name="name">What requests call it.</param>
    /// <param name="package">Its files; tokenizer and template are read from it.</param>
    /// <param name="executor">Runs its steps.</param>
    /// <param name="options">How it is served.</param>
    /// <param name="owned">Freed when the engine has ended: weights, device, files.</param>
    /// <param name="time">The clock.</param>
    public ServedModel(
        string name, ModelPackage package, IExecutor executor, ServedModelOptions options, IDisposable owned,
        TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(package);
        (Name, Config, Tokenizer, Options, _owned, _time) =
            (name, package.Config, package.Tokenizer, options, owned, time);
        Path = package.Weights.Path;
        Package = package;
        Template = options.Template ?? package.ChatTemplate;
        Format = Template is null ? null : AnswerFormat.Of(Template.Source, package.Tokenizer);
        Created = time.GetUtcNow();
        var key = RandomNumberGenerator.GetBytes(2 * sizeof(ulong));
        Engine = new LlmEngine(
            executor,
            new EngineOptions
            {
                EosIds = package.EosIds,
                Scheduling = options.Scheduling with
                {
                    // A key of this run: who does not know it cannot make prompts whose hashes are equal.
                    HashKey = new(BitConverter.ToUInt64(key), BitConverter.ToUInt64(key, sizeof(ulong))),
                    Identity = $"{name}/{package.Config}",
                },
                Vocabulary = VocabularyOf(package, Format?.Marks ?? []),
                Drafter = options.Drafter,
                SlowReaderLimit = options.SlowReaderLimit,
            },
            time);
        Shape = executor.Shape;
        EosIds = package.EosIds;
        Fingerprint = $"fp_{(uint)HashOf(name, package):x8}";
        _running = Engine.RunAsync(_ending.Token);
    }

    /// <summary>What requests call it.</summary>
    public string Name { get; }

    /// <summary>Its hyperparameters.</summary>
    public ModelConfig Config { get; }

    /// <summary>Turns tokens into more tokens.</summary>
    public LlmEngine Engine { get; }

    /// <summary>Text to tokens and back.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>Messages to a prompt; null when the model has none.</summary>
    public ChatTemplate? Template { get; }

    /// <summary>How it is served.</summary>
    public ServedModelOptions Options { get; }

    /// <summary>When it was loaded.</summary>
    public DateTimeOffset Created { get; }

    /// <summary>Its file or folder.</summary>
    public string Path { get; }

    /// <summary>Everything its files say.</summary>
    public ModelPackage Package { get; }

    /// <summary>Tokens that end an answer.</summary>
    public IReadOnlyList<int> EosIds { get; }

    /// <summary>Vocabulary, KV blocks and limits of its executor.</summary>
    public ExecutorShape Shape { get; }

    /// <summary>Of model and machine: equal ones give the same text for the same seed.</summary>
    internal string Fingerprint { get; }

    /// <summary>Fails when the engine does; completes when it was stopped.</summary>
    public Task Running => _running;

    /// <summary>How the model writes thoughts and tool calls; null without a template.</summary>
    internal IAnswerFormat? Format { get; }

    /// <summary>Stops the engine, then frees the model.</summary>
    public async ValueTask DisposeAsync()
    {
        Engine.Stop();
        await _ending.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _owned.Dispose();
        _ending.Dispose();
    }

    /// <summary>Continues a prompt.</summary>
    /// <param name="prompt">Token ids.</param>
    /// <param name="options">How.</param>
    /// <param name="trace">Of the HTTP request that asks.</param>
    /// <exception cref="RequestRefusedException">A value is out of range, or the queue is full.</exception>
    internal TextGeneration Complete(ReadOnlyMemory<int> prompt, TextOptions options, RequestTrace trace)
    {
        // What a constraint counts as text must be seen as text.
        var showsSpecial = options.ShowsSpecial || (options.Constraint is not null && Format?.ShowsSpecial == true);
        return Submit(
            "prompt", prompt, options with { ShowsSpecial = showsSpecial }, trace, continues: true, () => null);
    }

    /// <summary>Goes on with a conversation.</summary>
    /// <exception cref="RequestRefusedException">A value is out of range, or the queue is full.</exception>
    /// <exception cref="ApiFault">The model has no template, or its template refuses the conversation.</exception>
    internal TextGeneration Chat(ChatRequest request, RequestTrace trace)
    {
        var prompt = ChatPrompt.Of(this, request, _time);
        var options = prompt.Request.Options;
        var format = Format;
        if (format?.ShowsSpecial == true) options = options with { ShowsSpecial = true };
        if (format?.Constrain(prompt.Request) is { } forced)
            options = options with
            {
                Constraint = forced,
                ConstraintField = options.Constraint is null ? "tools" : options.ConstraintField,
            };
        return Submit(
            request.Field, prompt.Ids, options, trace, prompt.Request.ContinuesLast,
            () => format?.Read(prompt.Request, prompt.Text));
    }

    /// <summary>Makes the vector that stands for a prompt.</summary>
    /// <exception cref="RequestRefusedException">The prompt is too long, or the queue is full.</exception>
    /// <exception cref="ApiFault">The engine failed.</exception>
    internal async Task<IReadOnlyList<float>> EmbedAsync(
        ReadOnlyMemory<int> prompt, EmbeddingOptions options, RequestTrace trace)
    {
        var made = Queue(
            new GenerationRequest { Prompt = prompt, TokensMax = 0, Embedding = options, Key = trace.Key },
            trace, "input");
        try
        {
            while (await made.WaitToReadAsync(trace.Aborted).ConfigureAwait(false))
                while (made.TryRead(out _)) { }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            throw ApiFault.EngineFailed();
        }
        trace.AddEmbedded(prompt.Length);
        return made.Embedding.Count > 0
            ? made.Embedding
            : throw ApiFault.Unavailable("draining", "The server is going down; ask again.", TimeSpan.FromSeconds(5));
    }

    private TextGeneration Submit(
        string promptField, ReadOnlyMemory<int> prompt, TextOptions options, RequestTrace trace, bool continues,
        Func<IAnswerReader?> read)
    {
        var tokens = Queue(
            new GenerationRequest
            {
                Prompt = prompt,
                Sampling = options.Sampling,
                TokensMax = options.TokensMax,
                TokensMin = options.TokensMin,
                StopIds = options.StopIds,
                IgnoreEos = options.IgnoreEos,
                Choices = options.Choices,
                WantsLogprobs = options.WantsLogprobs,
                TopLogprobs = options.TopLogprobs,
                WantsPromptLogprobs = options.WantsPromptLogprobs,
                PromptTopLogprobs = options.PromptTopLogprobs,
                Constraint = options.Constraint,
                Priority = options.Priority,
                Key = trace.Key,
                CacheSalt = options.CacheSalt,
                TimeLimit = options.TimeLimit,
            },
            trace, promptField, options.ConstraintField);
        var generation = new TextGeneration(
            tokens, options, _time,
            () => new ChoiceText(
                Tokenizer.CreateStream(!options.ShowsSpecial, continues), new StopStrings(options.Stops), read()),
            trace.Aborted);
        generation.Ended = Learn;
        trace.Add(generation);
        return generation;
    }

    /// <summary>Submits; a full queue says when there will be room, as far as the last requests tell, and what is wrong
    /// is called as the client called it.</summary>
    private Generation Queue(
        GenerationRequest request, RequestTrace trace, string promptField, string constraintField = "")
    {
        try
        {
            return Engine.Submit(request, trace.Aborted);
        }
        catch (RequestRefusedException full) when (full.Reason == RefusalReason.QueueFull)
        {
            var turns = (Engine.Counters.Waiting + 1.0) / Options.Scheduling.SequencesMax;
            throw new ApiFault(429, "rate_limit_error", "queue_full", full.Message)
            {
                RetryAfter = TimeSpan.FromSeconds(Math.Clamp(turns * Volatile.Read(ref _usualSeconds), 0.1, 60)),
            };
        }
        catch (RequestRefusedException refused) when (refused.Parameter is "prompt" or "structured_outputs")
        {
            var field = refused.Parameter == "prompt" ? promptField : constraintField;
            throw new RequestRefusedException(refused.Reason, field, refused.Message);
        }
    }

    private void Learn(TimeSpan duration) =>
        Volatile.Write(ref _usualSeconds, 0.8 * Volatile.Read(ref _usualSeconds) + 0.2 * duration.TotalSeconds);

    private static int HashOf(string name, ModelPackage package)
    {
        // FNV-1a: the same in every run, which string hashes are not.
        var hash = 2166136261u;
        foreach (var unit in $"{name}/{package.Config}") hash = (hash ^ unit) * 16777619u;
        return (int)hash;
    }

    private static TokenVocabulary VocabularyOf(ModelPackage package, IReadOnlyCollection<string> marks)
    {
        var tokenizer = package.Tokenizer;
        return new TokenVocabulary(package.Config.VocabularySize, id =>
        {
            if (id >= tokenizer.VocabularySize) return default;
            if (!tokenizer.IsSpecial(id)) return tokenizer.TokenBytes(id).ToArray();
            var text = tokenizer.TokenText(id);
            return marks.Contains(text) ? System.Text.Encoding.UTF8.GetBytes(text) : default;
        });
    }
}
