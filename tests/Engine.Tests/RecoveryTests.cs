using Minka.Engine.Execution;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;
using Minka.Engine.Tests.Fakes;

namespace Minka.Engine.Tests;

/// <summary>An executor is away for a while: what runs waits for it and goes on.</summary>
public class RecoveryTests
{
    private static readonly int[] Prompt = [5, 9, 2, 33, 7];
    private readonly TaskCompletionSource _back = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_ran_goes_on_where_it_was()
    {
        await using var fixture = Fixture();
        var generation = fixture.Submit(Greedy(40));

        var before = await ReadAsync(generation, 4);
        await UntilAwayAsync(fixture);
        Assert.False(generation.TryRead(out _));
        _back.SetResult();
        var after = await EngineFixture.TextsOf(generation);

        Assert.Equal(fixture.Model.Greedy(Prompt, 40), before.Concat(after[0]));
        Assert.False(fixture.Engine.IsRecovering);
        Assert.Equal((1, 1), (fixture.Engine.Counters.LostSteps, fixture.Engine.Counters.Preemptions));
    }

    [Fact]
    public async Task Meanwhile_it_can_be_cancelled_and_others_come()
    {
        await using var fixture = Fixture();
        var first = fixture.Submit(Greedy(40));
        await UntilAwayAsync(fixture);
        var second = fixture.Submit(Greedy(10));

        first.Cancel();
        var end = await ReadEndAsync(first);

        Assert.Equal(FinishReason.Cancelled, end.Finish);
        Assert.True(fixture.Engine.IsRecovering);
        _back.SetResult();
        Assert.Equal(fixture.Model.Greedy(Prompt, 10), (await EngineFixture.TextsOf(second))[0]);
    }

    [Fact]
    public async Task Meanwhile_its_time_limit_ends_it()
    {
        await using var fixture = Fixture();
        var generation = fixture.Submit(Greedy(40) with { TimeLimit = TimeSpan.FromSeconds(0.5) });

        var end = await ReadEndAsync(generation);

        Assert.Equal(FinishReason.Deadline, end.Finish);
        _back.SetResult();
    }

    [Fact]
    public async Task When_it_never_comes_back_every_request_ends_with_the_reason()
    {
        var fixture = Fixture(starts: false);
        var generation = fixture.Submit(Greedy(40));
        var running = fixture.Engine.RunAsync(_cancellation);
        await UntilAwayAsync(fixture);

        _back.SetException(new IOException("Rank 1 did not come back."));

        Assert.Equal("Rank 1 did not come back.", (await Assert.ThrowsAsync<IOException>(() => running)).Message);
        await Assert.ThrowsAsync<IOException>(() => EngineFixture.TextsOf(generation));
    }

    [Fact]
    public async Task An_engine_that_stops_meanwhile_still_takes_back_what_nobody_wants()
    {
        var fixture = Fixture(starts: false);
        var generation = fixture.Submit(Greedy(40));
        var running = fixture.Engine.RunAsync(_cancellation);
        await UntilAwayAsync(fixture);

        fixture.Engine.Stop();
        generation.Cancel();
        var end = await ReadEndAsync(generation);
        _back.SetResult();
        await running;

        Assert.Equal(FinishReason.Cancelled, end.Finish);
        Assert.Throws<RequestRefusedException>(() => fixture.Submit(Greedy(1)));
    }

    /// <summary>The fifth step is lost: four tokens are there.</summary>
    private EngineFixture Fixture(bool starts = true) =>
        new(executor: model => new AwayExecutor(new LocalExecutor(model), _back.Task), starts: starts);

    private async Task UntilAwayAsync(EngineFixture fixture)
    {
        while (!fixture.Engine.IsRecovering)
        {
            _cancellation.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private async Task<List<int>> ReadAsync(Generation generation, int count)
    {
        var ids = new List<int>();
        while (ids.Count < count && await generation.WaitToReadAsync(_cancellation))
            while (ids.Count < count && generation.TryRead(out var token)) ids.Add(token.Id);
        return ids;
    }

    private async Task<GeneratedToken> ReadEndAsync(Generation generation)
    {
        var last = default(GeneratedToken);
        while (await generation.WaitToReadAsync(_cancellation))
            while (generation.TryRead(out var token)) last = token;
        return last;
    }

    private static GenerationRequest Greedy(int count) =>
        new() { Prompt = Prompt, TokensMax = count, Sampling = SamplingOptions.Greedy };

    private sealed class AwayExecutor(IExecutor inner, Task recovery) : IExecutor
    {
        private int _step;

        public ExecutorShape Shape => inner.Shape;

        public ValueTask ExecuteAsync(Batch batch, CancellationToken cancellation) => ++_step == 5
            ? throw new StepLostException("Rank 1 is gone.") { Recovery = recovery }
            : inner.ExecuteAsync(batch, cancellation);
    }
}
