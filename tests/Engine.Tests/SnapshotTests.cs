using Minka.Engine.Execution;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;
using Minka.Engine.Tests.Fakes;

namespace Minka.Engine.Tests;

public class SnapshotTests
{
    private static GenerationRequest Greedy(int tokens, int first = 0) => new()
    {
        Prompt = Enumerable.Range(first, 33).ToArray(), TokensMax = tokens, Sampling = SamplingOptions.Greedy,
    };

    [Fact]
    public async Task A_snapshot_tells_what_waits_and_runs_and_what_was_done()
    {
        var fixture = new EngineFixture(
            new() { SequencesMax = 2, TokensPerStepMax = 64, LogitRowsMax = 2, QueueMax = 9 }, starts: false);
        var before = fixture.Engine.Snapshot();
        var during = default(EngineSnapshot);
        fixture.Model.BeforeStep = step => { if (step == 5) during = fixture.Engine.Snapshot(); };
        for (var i = 0; i < 5; i++) fixture.Submit(Greedy(10));
        var queued = fixture.Engine.Snapshot();
        fixture.Engine.Stop();
        await fixture.Engine.RunAsync(TestContext.Current.CancellationToken);
        var after = fixture.Engine.Snapshot();

        Assert.Equal((0, 0, 9, 0, 64), (before.Running, before.Waiting, before.QueueMax, before.UsedBlocks,
            before.TotalBlocks));
        Assert.Equal(5, queued.Waiting);
        Assert.Equal((2, 3), (during.Running, during.Waiting));
        Assert.Equal(during.UsedBlocks / 64.0, during.KvUsage);
        Assert.InRange(during.UsedBlocks, 4, 6);
        Assert.Equal((0, 0, 0), (after.Running, after.Waiting, after.UsedBlocks));
        Assert.Equal((50L, 5 * 33L), (after.GeneratedTokens, after.PromptTokens));
        // Two run at once, and the first two know nothing of each other's prompt; the other three find two blocks.
        Assert.Equal(3 * 32L, after.CachedTokens);
        Assert.True(after.StepTime > TimeSpan.Zero);
    }

    [Fact]
    public async Task Preemptions_are_counted_when_they_happen()
    {
        var fixture = new EngineFixture(
            new() { SequencesMax = 4, TokensPerStepMax = 64, LogitRowsMax = 4 }, kvBlocks: 8, starts: false);
        List<long> seen = [];
        fixture.Model.BeforeStep = _ => seen.Add(fixture.Engine.Snapshot().Preemptions);
        var generations = Enumerable.Range(0, 3).Select(i => fixture.Submit(Greedy(60, 10 * i))).ToArray();
        fixture.Engine.Stop();

        await fixture.Engine.RunAsync(TestContext.Current.CancellationToken);

        Assert.True(seen[^1] > 0, "The blocks were meant not to suffice.");
        Assert.Equal(seen.Order(), seen);
        Assert.Equal(fixture.Engine.Snapshot().Preemptions, generations.Sum(generation => generation.Preemptions));
    }

    [Fact]
    public async Task Times_of_a_request_add_up_and_tokens_carry_theirs()
    {
        await using var fixture = new EngineFixture();
        var generation = fixture.Submit(Greedy(20));

        List<TimeSpan> at = [];
        await foreach (var token in generation) at.Add(token.At);

        Assert.Equal(at.Order(), at);
        Assert.True(at[0] > TimeSpan.Zero);
        Assert.Equal(generation.TimeToFirstToken, at[0]);
        Assert.Equal(generation.TimeToFirstToken, generation.QueueTime + generation.PrefillTime);
        Assert.Equal(at[^1] - at[0], generation.DecodeTime);
        Assert.True(generation.Duration >= at[^1]);
    }

    [Fact]
    public async Task Whoever_has_a_token_finds_it_counted_and_after_the_last_one_nothing_is_held()
    {
        var scheduling = new SchedulerOptions { SequencesMax = 1, TokensPerStepMax = 64, LogitRowsMax = 1 };
        var clock = new LookingClock();
        var model = new RecallModel(scheduling.StepLimits(64), 64);
        var engine = new LlmEngine(new LocalExecutor(model), new() { Scheduling = scheduling }, clock);
        clock.Counters = engine.Counters;
        var generation = engine.Submit(Greedy(4), TestContext.Current.CancellationToken);
        var submitted = clock.Looks.Count;
        engine.Stop();
        await engine.RunAsync(TestContext.Current.CancellationToken);

        List<(long Generated, int Running, int UsedBlocks)> seen = [];
        await foreach (var token in generation) seen.Add(clock.Looks[submitted + (int)token.At.Ticks - 1]);

        Assert.Equal([1, 2, 3, 4], seen.Select(look => look.Generated));
        Assert.All(seen[..3], look => Assert.Equal((1, 3), (look.Running, look.UsedBlocks)));
        Assert.Equal((0, 0), (seen[3].Running, seen[3].UsedBlocks));
    }

    /// <summary>A tick passes whenever it is asked, and it looks at the counters: a token is stamped just before its
    /// reader can have it.</summary>
    private sealed class LookingClock : TimeProvider
    {
        public EngineCounters? Counters { get; set; }

        public List<(long Generated, int Running, int UsedBlocks)> Looks { get; } = [];

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp()
        {
            Looks.Add((Counters?.GeneratedTokens ?? 0, Counters?.Running ?? 0, Counters?.UsedBlocks ?? 0));
            return Looks.Count;
        }
    }

    [Fact]
    public async Task A_request_that_fails_says_why()
    {
        await using var fixture = new EngineFixture(vocabularySize: 8);
        var generation = fixture.Submit(new()
        {
            Prompt = new[] { 1 }, Sampling = new() { BadWords = [.. Enumerable.Range(0, 8).Select(id => (int[])[id])] },
        });

        var choice = (await Completion.ReadAsync(generation, TestContext.Current.CancellationToken))[0];

        Assert.Equal(FinishReason.Failed, choice.Finish);
        Assert.Contains("bad_words", generation.Failure, StringComparison.Ordinal);
    }
}
