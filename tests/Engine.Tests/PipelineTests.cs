using Minka.Engine.Execution;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;
using Minka.Engine.Speculation;
using Minka.Engine.Tests.Fakes;

namespace Minka.Engine.Tests;

/// <summary>Several steps in flight: what a cluster of several stages gives the engine.</summary>
public class PipelineTests
{
    private static readonly SchedulerOptions Scheduling =
        new() { SequencesMax = 8, TokensPerStepMax = 64, LogitRowsMax = 16 };

    [Theory, InlineData(2), InlineData(3), InlineData(8)]
    public async Task Eight_texts_keep_every_stage_busy_and_are_those_of_one_step_at_a_time(int flights)
    {
        PipelinedExecutor executor = null!;
        await using var fixture = new EngineFixture(Scheduling, starts: false, executor: model =>
            executor = new(new LocalExecutor(model), flights));
        var generations = Enumerable.Range(0, 8).Select(i => fixture.Submit(Greedy([5, i, 2], 40))).ToArray();
        // Prompts are one step; from then on each step has an eighth of the texts for each that is in flight.
        var (steps, full) = (0, 0);
        executor.BeforeStep = begun =>
        {
            if (++steps > 1 && begun.Count == flights) full++;
        };

        fixture.Engine.Stop();
        await fixture.Engine.RunAsync(TestContext.Current.CancellationToken);

        for (var i = 0; i < 8; i++)
            Assert.Equal(fixture.Model.Greedy([5, i, 2], 40), (await EngineFixture.TextsOf(generations[i]))[0]);
        Assert.Equal(flights, executor.Most);
        Assert.Equal(0, executor.Open);
        // 39 tokens of 8 texts, and all but the last ones while the pipeline was full.
        Assert.True(full > 37 * flights, $"{full} of {steps} steps ran while {flights} were in flight.");
        Assert.InRange(steps, 39 * flights, 42 * flights);
    }

    [Fact]
    public async Task One_text_is_never_in_two_steps_and_loses_nothing()
    {
        PipelinedExecutor executor = null!;
        await using var fixture = new EngineFixture(Scheduling, executor: model =>
            executor = new(new LocalExecutor(model), 4));

        Assert.Equal(fixture.Model.Greedy([7, 8], 30), await fixture.TextAsync(Greedy([7, 8], 30)));
        Assert.Equal(1, executor.Most);
    }

    [Fact]
    public async Task Who_is_cancelled_in_flight_ends_at_the_commit_and_the_others_go_on()
    {
        PipelinedExecutor executor = null!;
        await using var fixture = new EngineFixture(Scheduling, starts: false, executor: model =>
            executor = new(new LocalExecutor(model), 2));
        var generations = Enumerable.Range(0, 4).Select(i => fixture.Submit(Greedy([5, i, 2], 40))).ToArray();
        var steps = 0;
        executor.BeforeStep = begun =>
        {
            // Texts 0 and 1 are in one step and 2 and 3 in the other: one is cancelled in each.
            if (++steps != 20) return;
            Assert.Equal(2, begun.Count);
            generations[0].Cancel();
            generations[3].Cancel();
            fixture.Engine.Stop();
        };

        await fixture.Engine.RunAsync(TestContext.Current.CancellationToken);

        for (var i = 0; i < 4; i++)
        {
            var text = (await EngineFixture.TextsOf(generations[i]))[0];
            Assert.Equal(fixture.Model.Greedy([5, i, 2], 40).Take(text.Length), text);
            Assert.Equal(i is 1 or 2, text.Length == 40);
        }
        Assert.Equal(0, fixture.Engine.Counters.UsedBlocks);
    }

    [Fact]
    public async Task Lost_steps_few_blocks_guesses_and_choices_change_no_text()
    {
        var requests = Enumerable.Range(0, 10).Select(i => Greedy([.. Enumerable.Range(i % 3, 20 + i)], 30) with
        {
            Choices = i % 4 == 0 ? 2 : 1,
            Sampling = new() { Temperature = 0.9f, TopK = 20, Seed = (ulong)i },
        }).ToArray();
        var alone = new int[requests.Length][][];
        for (var i = 0; i < requests.Length; i++)
        {
            await using var one = new EngineFixture(Scheduling with { SequencesMax = 1 }, memory: 3);
            alone[i] = await one.TextsAsync(requests[i]);
        }
        PipelinedExecutor executor = null!;
        await using var fixture = new EngineFixture(Scheduling, kvBlocks: 14, memory: 3, starts: false,
            options: new() { Drafter = new NgramDrafter(new()) },
            executor: model => executor = new(new LosingExecutor(new LocalExecutor(model)), 3));
        // All are there before the first step, so that what follows does not hang on how fast they come.
        var generations = requests.Select(fixture.Submit).ToArray();

        fixture.Engine.Stop();
        await fixture.Engine.RunAsync(TestContext.Current.CancellationToken);

        Assert.Equal(alone, await Task.WhenAll(generations.Select(EngineFixture.TextsOf)));
        Assert.Equal(3, executor.Most);
        Assert.True(fixture.Engine.Counters.LostSteps > 3);
        Assert.True(fixture.Engine.Counters.Preemptions > 0);
        Assert.True(fixture.Engine.Counters.DraftedTokens > 0);
    }

    [Fact]
    public async Task An_engine_that_is_stopped_at_once_leaves_no_step_behind()
    {
        PipelinedExecutor executor = null!;
        var fixture = new EngineFixture(Scheduling, starts: false, executor: model =>
            executor = new(new LocalExecutor(model), 2));
        using var stop = new CancellationTokenSource();
        var generations = Enumerable.Range(0, 4).Select(i => fixture.Submit(Greedy([5, i, 2], 400))).ToArray();
        var steps = 0;
        executor.BeforeStep = begun =>
        {
            if (++steps == 20) stop.Cancel();
        };

        await fixture.Engine.RunAsync(stop.Token);

        Assert.Equal(0, executor.Open);
        Assert.Equal(21, steps);
        Assert.Equal(0, fixture.Engine.Snapshot().StepsInFlight);
        foreach (var generation in generations)
        {
            var last = default(GeneratedToken);
            await foreach (var token in generation) last = token;
            Assert.Equal(FinishReason.Cancelled, last.Finish);
        }
    }

    [Fact]
    public async Task Times_of_steps_that_overlap_count_once()
    {
        var time = new StepClock();
        var scheduling = Scheduling;
        var model = new RecallModel(scheduling.StepLimits(64), 64) { BeforeStep = _ => time.Advance() };
        var engine = new LlmEngine(
            new PipelinedExecutor(new LocalExecutor(model), 2), new() { Scheduling = scheduling }, time);
        for (var i = 0; i < 4; i++) engine.Submit(Greedy([5, i], 10), TestContext.Current.CancellationToken);
        engine.Stop();

        await engine.RunAsync(TestContext.Current.CancellationToken);

        Assert.Equal(engine.Counters.Steps * StepClock.Step, engine.Counters.StepTime);
    }

    /// <summary>Stands still but for what a step takes.</summary>
    private sealed class StepClock : TimeProvider
    {
        private long _ticks;

        public static TimeSpan Step { get; } = TimeSpan.FromMilliseconds(5);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Volatile.Read(ref _ticks);

        public void Advance() => Interlocked.Add(ref _ticks, Step.Ticks);
    }

    private static GenerationRequest Greedy(int[] prompt, int count) =>
        new() { Prompt = prompt, TokensMax = count, Sampling = SamplingOptions.Greedy };
}
