using System.Diagnostics;
using Minka.Engine;
using Minka.Engine.Constraints;
using Minka.Engine.Execution;
using Minka.Engine.Scheduling;
using Minka.Engine.Speculation;

namespace Minka.Bench.Engine;

/// <summary>An engine that runs until disposed.</summary>
internal sealed class RunningEngine : IAsyncDisposable
{
    private readonly LlmEngine _engine;
    private readonly Task _run;

    public RunningEngine(
        IExecutor executor, SchedulerOptions scheduling, IDrafter? drafter = null, TokenVocabulary? vocabulary = null,
        IReadOnlyList<int>? eosIds = null)
    {
        _engine = new LlmEngine(
            executor,
            new() { Scheduling = scheduling, Drafter = drafter, Vocabulary = vocabulary, EosIds = eosIds ?? [] },
            TimeProvider.System);
        _run = _engine.RunAsync();
    }

    /// <summary>A request when it is done.</summary>
    public async Task<Generation> TextAsync(GenerationRequest request)
    {
        var generation = _engine.Submit(request);
        await Completion.ReadAsync(generation);
        return generation;
    }

    /// <summary>What a request says.</summary>
    public async Task<IReadOnlyList<int>> IdsAsync(GenerationRequest request) =>
        (await Completion.ReadAsync(_engine.Submit(request)))[0].Ids;

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
