using Minka.Compute.Cpu;
using Minka.Engine;
using Minka.Engine.Execution;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;
using Minka.Models;
using Minka.Models.Loading;
using Minka.Models.Tests.Architectures;

namespace Minka.Golden;

/// <summary>The whole way of a token, from the scheduler through a model to the sampler, on every thread.</summary>
public sealed class DecodeAllocations
{
    private const int Members = 3, WarmUp = 60, Counted = 90, RoundsMax = 2, Sequences = 6, Blocks = 96;

    [Theory, InlineData(false), InlineData(true)]
    public void A_decoded_token_allocates_nothing_on_any_member_of_the_team(bool isCut)
    {
        using var file = ModelFiles.Open(SourceTree.BuiltInModel);
        AssertNone(file, isCut);
    }

    [Theory, InlineData(false), InlineData(true)]
    public void Nor_does_one_that_goes_through_experts(bool isCut)
    {
        using var file = new RandomModel(RandomModel.ConfigOf("qwen3_moe"), 7);
        AssertNone(file, isCut);
    }

    private static void AssertNone(IWeightFile file, bool isCut)
    {
        var limits = new StepLimits(64, Sequences, Sequences, Blocks);
        using var backend = new CpuBackend(new() { Threads = Members });
        using var model = Decoder.Load(file, backend, new()
        {
            KvBlocks = limits.TableBlocks, Limits = limits, Time = new SeesawClock(isCut),
        });
        Assert.Equal(Members, model.Parts?.Count);
        var executor = new LocalExecutor(model);
        var scheduler = Started();

        for (var step = 0; step < WarmUp; step++) Step(scheduler, executor);
        // The runtime takes some bytes once for a thread that had to sleep; a step would take them in every round.
        var rounds = 0;
        while (BytesOf(() => Step(scheduler, executor), backend) != 0)
            Assert.True(++rounds < RoundsMax, $"Each of {RoundsMax} rounds allocated.");

        Assert.Equal(isCut, IsCut(model, () => Step(scheduler, executor)));
        Assert.All(scheduler.Running, sequence =>
            Assert.InRange(sequence.Generated, Counted, WarmUp + ((rounds + 1) * Counted) + 1));
    }

    /// <summary>Bytes that all members of the team allocated in some steps.</summary>
    private static long BytesOf(Action step, CpuBackend backend)
    {
        backend.AllocatedBytes();                   // its own array is counted in the next call
        var before = backend.AllocatedBytes();
        var start = backend.AllocatedBytes();
        for (var i = 0; i < Counted; i++) step();
        var end = backend.AllocatedBytes();
        Assert.Equal(Members, end.Length);
        return end.Sum() - start.Sum() - (start[0] - before[0]);
    }

    /// <summary>Steps take longer in every other run of four. The prompt's is before the first, then both ways are
    /// tried in turn, and the one whose turns take longer is not taken again.</summary>
    private sealed class SeesawClock(bool isFirstLonger) : TimeProvider
    {
        private const int Run = 4;
        private long _now, _calls;

        public override long GetTimestamp()
        {
            var step = ++_calls / 2 - 2;        // counted from the first after the prompt's, known when it ends
            return _now += (step / Run % 2 == 0) == isFirstLonger ? 100 : 50;
        }
    }

    /// <summary>Whether a step goes through the layers in parts.</summary>
    private static bool IsCut(Decoder model, Action step)
    {
        var part = model.Parts![0];
        part.On.Host(part.Hidden).Fill(float.NaN);
        step();
        return !float.IsNaN(part.On.Host(part.Hidden)[0]);
    }

    /// <summary>Sequences of unlike sampling.</summary>
    private static Scheduler Started()
    {
        var scheduler = new Scheduler(
            new SchedulerOptions
            {
                SequencesMax = Sequences, TokensPerStepMax = 64, LogitRowsMax = Sequences, ContextMax = 256,
            },
            kvBlocks: Blocks);
        SamplingOptions[] ways =
        [
            SamplingOptions.Greedy, new() { Temperature = 0.8f, TopK = 40, TopP = 0.95f, Seed = 1 },
            new() { Temperature = 1.2f, Seed = 2 }, new() { MinP = 0.05f, RepetitionPenalty = 1.1f, Seed = 3 },
        ];
        for (var i = 0; i < Sequences; i++)
        {
            var request = new GenerationRequest
            {
                Prompt = new[] { 1, 2, 3 + i }, Sampling = ways[i % ways.Length], IgnoreEos = true,
            };
            scheduler.Add([new Sequence(i, request, 0, [], 256)], TimeSpan.MaxValue);
        }
        return scheduler;
    }

    private static void Step(Scheduler scheduler, LocalExecutor executor)
    {
        var batch = scheduler.Schedule(TimeSpan.Zero);
        Assert.True(executor.ExecuteAsync(batch, CancellationToken.None).AsTask().IsCompletedSuccessfully);
        scheduler.Commit(batch);
    }
}
