using Minka.Engine.Execution;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;
using Minka.Engine.Tests.Fakes;

namespace Minka.Engine.Tests;

public class LlmEngineTests
{
    private static readonly int[] Prompt = [5, 9, 2, 33, 7];

    /// <summary>Waits for a reader for as long as the slowest machine may take.</summary>
    private static readonly EngineOptions Patient = new() { SlowReaderLimit = TimeSpan.FromHours(1) };

    private static readonly SchedulerOptions OneSequence =
        new() { SequencesMax = 1, TokensPerStepMax = 8, LogitRowsMax = 1 };

    [Fact]
    public async Task Greedy_text_is_what_the_model_says_one_token_at_a_time()
    {
        await using var fixture = new EngineFixture();

        var text = await fixture.TextAsync(Greedy(Prompt, 40));

        Assert.Equal(fixture.Model.Greedy(Prompt, 40), text);
    }

    [Fact]
    public async Task The_last_token_says_why_the_text_ended()
    {
        await using var fixture = new EngineFixture();
        var generation = fixture.Submit(Greedy(Prompt, 3));

        var tokens = new List<GeneratedToken>();
        await foreach (var token in generation) tokens.Add(token);

        Assert.Equal(
            [FinishReason.None, FinishReason.None, FinishReason.Length], tokens.Select(token => token.Finish));
        Assert.All(tokens, token => Assert.True(token.IsText));
    }

    [Fact]
    public async Task An_end_of_text_stops_and_is_no_text()
    {
        var said = new EngineFixture(starts: false).Model.Greedy(Prompt, 10);
        var eos = said[4];
        await using var fixture = new EngineFixture(options: new() { EosIds = [eos] });

        var text = await fixture.TextAsync(Greedy(Prompt, 10));
        var ignored = await fixture.TextAsync(Greedy(Prompt, 10) with { IgnoreEos = true });

        Assert.Equal(said[..Array.IndexOf(said, eos)], text);
        Assert.Equal(said, ignored);
    }

    [Fact]
    public async Task Before_the_least_length_an_end_of_text_cannot_be_said()
    {
        var said = new EngineFixture(starts: false).Model.Greedy(Prompt, 10);
        await using var fixture = new EngineFixture(options: new() { EosIds = [said[2]] });

        var text = await fixture.TextAsync(Greedy(Prompt, 10) with { TokensMin = 6 });

        Assert.Equal(said[..2], text[..2]);
        Assert.True(text.Length >= 6);
        Assert.DoesNotContain(said[2], text);
    }

    [Fact]
    public async Task A_sequence_ends_where_the_context_does()
    {
        await using var fixture = new EngineFixture(OneSequence with { ContextMax = 20 });

        var text = await fixture.TextAsync(Greedy(Prompt, int.MaxValue));

        Assert.Equal(15, text.Length);
    }

    [Fact]
    public async Task A_request_may_want_only_its_prompt_computed()
    {
        await using var fixture = new EngineFixture();
        var generation = fixture.Submit(Greedy(Prompt, 0) with { WantsPromptLogprobs = true, TopLogprobs = 2 });

        var texts = await EngineFixture.TextsOf(generation);

        Assert.Empty(texts[0]);
        Assert.Equal(Prompt.Length - 1, generation.PromptLogprobs.Count);
        Assert.Equal(Prompt[1..], generation.PromptLogprobs.Select(logprobs => logprobs.Chosen.Id));
        Assert.All(generation.PromptLogprobs, logprobs => Assert.Equal(2, logprobs.Top.Count));
    }

    [Fact]
    public async Task Log_probabilities_are_those_of_the_raw_logits()
    {
        await using var fixture = new EngineFixture();
        var request = Greedy(Prompt, 1) with { WantsLogprobs = true, TopLogprobs = 3 };
        var generation = fixture.Submit(request with { Sampling = new() { Temperature = 0, RepetitionPenalty = 2 } });

        await generation.WaitToReadAsync(TestContext.Current.CancellationToken);
        Assert.True(generation.TryRead(out var token));

        var logits = fixture.Model.LogitsAfter(Prompt);
        var total = Math.Log(logits.Sum(logit => Math.Exp(logit)));
        var best = logits.Select((logit, id) => (Id: id, Logit: logit)).OrderByDescending(pair => pair.Logit).Take(3);
        Assert.Equal(best.Select(pair => pair.Id), token.Logprobs!.Top.Select(top => top.Id));
        Assert.All(token.Logprobs.Top, top => Assert.Equal(logits[top.Id] - total, top.Logprob, 1e-5));
        Assert.Equal(logits[token.Id] - total, token.Logprobs.Chosen.Logprob, 1e-5);
    }

    [Fact]
    public async Task Cancelling_ends_the_request_and_frees_its_blocks()
    {
        await using var fixture = new EngineFixture(options: Patient with { UnreadTokensMax = 8 });
        using var cancel = new CancellationTokenSource();
        var generation = fixture.Engine.Submit(Greedy(Prompt, 500), cancel.Token);
        await generation.WaitToReadAsync(TestContext.Current.CancellationToken);

        await cancel.CancelAsync();
        var last = default(GeneratedToken);
        await foreach (var token in generation) last = token;

        Assert.Equal(FinishReason.Cancelled, last.Finish);
        Assert.False(last.IsText);
        await fixture.TextAsync(Greedy(Prompt, 1));
        Assert.Equal(0, fixture.Engine.Counters.UsedBlocks);
    }

    /// <summary>Neither the place that it runs in nor the blocks that it holds are kept from those who wait.</summary>
    [Theory, InlineData(8, 64), InlineData(1, 64), InlineData(8, 13)]
    public async Task A_reader_that_stops_reading_stalls_nobody_and_loses_nothing(int places, int kvBlocks)
    {
        var scheduling = new SchedulerOptions { SequencesMax = places, TokensPerStepMax = 64, LogitRowsMax = 8 };
        await using var fixture = new EngineFixture(scheduling, kvBlocks, Patient with { UnreadTokensMax = 4 });
        var slow = fixture.Submit(Greedy(Prompt, 50) with { Priority = -1 });

        var others = await fixture.TextAsync(Greedy([1, 2, 3], 200));
        var text = (await EngineFixture.TextsOf(slow))[0];

        Assert.Equal(fixture.Model.Greedy([1, 2, 3], 200), others);
        Assert.Equal(fixture.Model.Greedy(Prompt, 50), text);
    }

    [Fact]
    public async Task A_reader_that_never_comes_back_loses_its_request()
    {
        await using var fixture = new EngineFixture(
            options: new() { UnreadTokensMax = 4, SlowReaderLimit = TimeSpan.FromMilliseconds(30) });
        var slow = fixture.Submit(Greedy(Prompt, 500));

        // Nobody reads: the buffer fills, the sequence pauses, the limit passes. The others' texts fit into the buffer,
        // so that their reader cannot be too slow.
        while (slow.Duration == TimeSpan.Zero) await fixture.TextAsync(Greedy([1], 3));
        var last = default(GeneratedToken);
        while (slow.TryRead(out var token)) last = token;

        Assert.Equal(FinishReason.SlowReader, last.Finish);
    }

    [Fact]
    public async Task A_lost_step_is_computed_again_and_the_text_is_the_same()
    {
        await using var fixture = new EngineFixture(executor: model => new LosingExecutor(new LocalExecutor(model)));

        var text = await fixture.TextAsync(Greedy(Prompt, 30));

        Assert.Equal(fixture.Model.Greedy(Prompt, 30), text);
        Assert.True(fixture.Engine.Counters.LostSteps >= 3);
    }

    [Fact]
    public async Task When_the_executor_breaks_every_request_fails_with_its_exception()
    {
        var fixture = new EngineFixture(starts: false);
        fixture.Model.BeforeStep = step => { if (step == 3) throw new InvalidDataException("broken"); };
        var generation = fixture.Submit(Greedy(Prompt, 30));

        await Assert.ThrowsAsync<InvalidDataException>(
            () => fixture.Engine.RunAsync(TestContext.Current.CancellationToken));

        await Assert.ThrowsAsync<InvalidDataException>(() => EngineFixture.TextsOf(generation));
        var refused = Assert.Throws<RequestRefusedException>(() => fixture.Submit(Greedy(Prompt, 1)));
        Assert.Equal(RefusalReason.Stopping, refused.Reason);
    }

    [Theory]
    [InlineData(20, 20, null)]
    [InlineData(21, null, "top_logprobs is 21; it lies between 0 and 20.")]
    [InlineData(-1, null, "top_logprobs is -1; it lies between 0 and 20.")]
    [InlineData(0, 21, "prompt_logprobs is 21; it lies between 0 and 20.")]
    public async Task More_than_20_logprobs_of_a_token_are_refused(int top, int? promptTop, string? refusal)
    {
        await using var fixture = new EngineFixture();
        var request = Greedy(Prompt, 1) with
        {
            WantsLogprobs = true,
            TopLogprobs = top,
            WantsPromptLogprobs = true,
            PromptTopLogprobs = promptTop,
        };

        if (refusal is null) Assert.Single(await fixture.TextAsync(request));
        else Assert.Equal(refusal, Assert.Throws<RequestRefusedException>(() => fixture.Submit(request)).Message);
    }

    [Fact]
    public async Task An_engine_that_lost_a_block_says_so_when_it_is_idle_and_stops()
    {
        await using var fixture = new EngineFixture(
            starts: false, executor: model => new BlockThief(new LocalExecutor(model)));
        ((BlockThief)fixture.Executor).Victim = fixture.Engine;
        var generation = fixture.Submit(Greedy(Prompt, 3));
        var run = fixture.Engine.RunAsync(TestContext.Current.CancellationToken);

        var text = await EngineFixture.TextsOf(generation);
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => run);

        Assert.Equal(3, text[0].Length);
        Assert.Equal("The scheduler is idle, but 1 KV blocks are held, 0 sequences run, 0 wait, 0 are parked. This is "
            + "a bug in the engine.", error.Message);
        var refused = Assert.Throws<RequestRefusedException>(() => fixture.Submit(Greedy(Prompt, 1)));
        Assert.Equal(RefusalReason.Stopping, refused.Reason);
    }

    [Fact]
    public async Task A_full_queue_refuses_one_more()
    {
        var fixture = new EngineFixture(OneSequence with { QueueMax = 2 }, starts: false);
        fixture.Submit(Greedy(Prompt, 1));
        fixture.Submit(Greedy(Prompt, 1));

        var refused = Assert.Throws<RequestRefusedException>(() => fixture.Submit(Greedy(Prompt, 1)));

        Assert.Equal(RefusalReason.QueueFull, refused.Reason);
        fixture.Engine.Stop();
        await fixture.Engine.RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, fixture.Engine.Counters.GeneratedTokens);
    }

    [Fact]
    public async Task A_request_of_more_choices_than_the_queue_holds_is_one_request_and_runs()
    {
        await using var fixture = new EngineFixture(OneSequence with { QueueMax = 1 });

        var texts = await fixture.TextsAsync(Greedy(Prompt, 5) with { Choices = 4 });

        Assert.All(texts, text => Assert.Equal(fixture.Model.Greedy(Prompt, 5), text));
    }

    [Fact]
    public async Task A_time_limit_past_the_end_of_time_is_none()
    {
        await using var fixture = new EngineFixture();

        var text = await fixture.TextAsync(Greedy(Prompt, 5) with { TimeLimit = TimeSpan.MaxValue - new TimeSpan(1) });

        Assert.Equal(5, text.Length);
    }

    [Fact]
    public async Task A_decoded_token_allocates_nothing()
    {
        var scheduling = new SchedulerOptions { SequencesMax = 8, TokensPerStepMax = 64, LogitRowsMax = 8 };
        var fixture = new EngineFixture(
            scheduling, kvBlocks: 256, options: new() { UnreadTokensMax = 4096 }, starts: false);
        var allocated = new long[1000];
        fixture.Model.BeforeStep = step => allocated[step] = GC.GetAllocatedBytesForCurrentThread();
        var sampling = new SamplingOptions
        {
            Temperature = 0.8f, TopK = 20, TopP = 0.9f, MinP = 0.01f, TypicalP = 0.95f, RepetitionPenalty = 1.1f,
            FrequencyPenalty = 0.1f, XtcProbability = 0.5f, DryMultiplier = 0.8f,
        };
        var generations = Enumerable.Range(0, 8).Select(i => fixture.Submit(
            new() { Prompt = new[] { i, 1, 2 }, TokensMax = 400, Sampling = sampling })).ToArray();
        fixture.Engine.Stop();

        await fixture.Engine.RunAsync(TestContext.Current.CancellationToken);

        // All run from the first step to the 400th on one thread. Before the 300th, lists grow to their size, and so
        // do the buffers of tokens, which nobody reads before the end. The pool may begin a thread while readers are
        // woken, which counts: so the least of three windows, each longer than a block.
        foreach (var generation in generations) Assert.Equal(400, (await EngineFixture.TextsOf(generation))[0].Length);
        Assert.Equal(0, new[] { 300, 330, 360 }.Min(step => allocated[step + 30] - allocated[step]));
    }

    private static GenerationRequest Greedy(int[] prompt, int count) =>
        new() { Prompt = prompt, TokensMax = count, Sampling = SamplingOptions.Greedy };
}
