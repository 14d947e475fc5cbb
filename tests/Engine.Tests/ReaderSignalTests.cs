using Minka.Engine.Sampling;
using Minka.Engine.Tests.Fakes;

namespace Minka.Engine.Tests;

/// <summary>How readers of tokens sleep and are woken.</summary>
public class ReaderSignalTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reader_can_be_woken_although_nothing_came()
    {
        await using var fixture = new EngineFixture(starts: false);
        var generation = fixture.Submit(Request(1));
        var waiting = generation.WaitToReadAsync(Cancellation);
        Assert.False(waiting.IsCompleted);

        generation.WakeReader();

        Assert.True(await waiting);
        Assert.False(generation.TryRead(out _));
    }

    [Fact]
    public async Task A_wait_that_was_given_up_does_not_spoil_the_next()
    {
        await using var fixture = new EngineFixture(starts: false);
        var generation = fixture.Submit(Request(1));
        using var leaving = new CancellationTokenSource();
        var waiting = generation.WaitToReadAsync(leaving.Token);

        await leaving.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await waiting);
        var second = generation.WaitToReadAsync(Cancellation);
        generation.WakeReader();

        Assert.True(await second);
    }

    [Fact]
    public async Task A_reader_runs_on_the_thread_that_wakes_it_only_if_it_wants_to()
    {
        await using var fixture = new EngineFixture(starts: false);
        foreach (var isInline in (bool[])[true, false])
        {
            var generation = fixture.Submit(Request(1));
            generation.IsReadInline = isInline;
            var reading = ThreadAfterWaitAsync(generation);

            var waking = new Thread(generation.WakeReader);
            waking.Start();
            waking.Join();

            Assert.Equal(isInline, await reading == waking);
        }
    }

    private static async Task<Thread> ThreadAfterWaitAsync(Generation generation)
    {
        await generation.WaitToReadAsync(Cancellation).ConfigureAwait(false);
        return Thread.CurrentThread;
    }

    [Fact]
    public async Task A_reader_that_blocks_delays_no_other()
    {
        await using var fixture = new EngineFixture(starts: false);
        using var isOtherRead = new ManualResetEventSlim();
        var (one, other) = (fixture.Submit(Request(3)), fixture.Submit(Request(3)));

        // Both sleep before anything comes: a reader that finds all of its text there runs on, and blocks, right here.
        var blocking = ReadAsync(one, () => isOtherRead.Wait(Cancellation));
        var reading = ReadAsync(other, isOtherRead.Set);
        fixture.Start();

        int[] counts = await Task.WhenAll(blocking, reading);
        Assert.Equal([3, 3], counts);
    }

    private static async Task<int> ReadAsync(Generation generation, Action afterwards)
    {
        var count = 0;
        await foreach (var _ in generation.ConfigureAwait(false)) count++;
        afterwards();
        return count;
    }

    private static GenerationRequest Request(int tokens) => new()
    {
        Prompt = new[] { 5, 9, 2 }, TokensMax = tokens, Sampling = SamplingOptions.Greedy,
    };
}
