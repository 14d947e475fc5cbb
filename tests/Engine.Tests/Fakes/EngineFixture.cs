using Minka.Engine.Execution;
using Minka.Engine.Scheduling;

namespace Minka.Engine.Tests.Fakes;

/// <summary>An engine over a <see cref="RecallModel"/>, running until disposed.</summary>
/// <remarks>Who meets whom in a step hangs on how fast requests come, unless all are there before it starts.</remarks>
internal sealed class EngineFixture : IAsyncDisposable
{
    private Task? _run;

    public EngineFixture(SchedulerOptions? scheduling = null, int kvBlocks = 64, EngineOptions? options = null,
        int vocabularySize = 64, bool starts = true, Func<RecallModel, IExecutor>? executor = null, int memory = 0)
    {
        scheduling ??= new SchedulerOptions { SequencesMax = 4, TokensPerStepMax = 32, LogitRowsMax = 16 };
        Model = new RecallModel(scheduling.StepLimits(kvBlocks), kvBlocks, vocabularySize) { Memory = memory };
        options = (options ?? new()) with { Scheduling = scheduling };
        Executor = executor?.Invoke(Model) ?? new LocalExecutor(Model);
        Engine = new LlmEngine(Executor, options, TimeProvider.System);
        if (starts) Start();
    }

    public RecallModel Model { get; }

    public IExecutor Executor { get; }

    public LlmEngine Engine { get; }

    /// <summary>Starts an engine that was made without; again does nothing.</summary>
    public void Start() => _run ??= Engine.RunAsync(TestContext.Current.CancellationToken);

    /// <summary>Submits all of them, then starts.</summary>
    public Generation[] StartWith(IEnumerable<GenerationRequest> requests)
    {
        Generation[] generations = [.. requests.Select(Submit)];
        Start();
        return generations;
    }

    public Generation Submit(GenerationRequest request) =>
        Engine.Submit(request, TestContext.Current.CancellationToken);

    /// <summary>Runs one request to its end; the texts of its choices.</summary>
    public Task<int[][]> TextsAsync(GenerationRequest request) => TextsOf(Submit(request));

    public async Task<int[]> TextAsync(GenerationRequest request) => (await TextsAsync(request))[0];

    public static async Task<int[][]> TextsOf(Generation generation)
    {
        var texts = Enumerable.Range(0, generation.Request.Choices).Select(_ => new List<int>()).ToArray();
        await foreach (var token in generation)
            if (token.IsText) texts[token.Choice].Add(token.Id);
        return [.. texts.Select(text => text.ToArray())];
    }

    public async ValueTask DisposeAsync()
    {
        Engine.Stop();
        await (_run ?? Task.CompletedTask);
    }
}
