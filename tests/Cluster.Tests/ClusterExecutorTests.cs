using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Engine;
using Minka.Engine.Execution;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;
using Minka.Models;
using Minka.Models.Tests.Architectures;

namespace Minka.Cluster.Tests;

/// <summary>The engine cannot tell a cluster from one machine.</summary>
public sealed class ClusterExecutorTests
{
    private const int KvBlocks = 24;

    private static readonly SchedulerOptions Scheduling = new()
    {
        SequencesMax = 8, TokensPerStepMax = 64, LogitRowsMax = 16, ContextMax = 128,
    };

    private static readonly SequenceRows Measured = new(new(7, HasSum: true, HasNext: true), Next: 8);

    [Theory]
    [InlineData("qwen2", 2, 1, "", 1)]
    [InlineData("qwen2", 3, 1, "", 1)]
    [InlineData("qwen2", 1, 3, "", 1)]
    [InlineData("qwen2", 1, 3, "", 3)]
    [InlineData("qwen2", 2, 2, "", 1)]
    [InlineData("qwen2", 2, 2, "", 2)]
    [InlineData("mixtral", 2, 1, "", 1)]
    [InlineData("mixtral", 5, 1, "", 1)]
    [InlineData("mixtral", 2, 2, "", 2)]
    [InlineData("qwen3_moe", 2, 1, "", 1)]
    [InlineData("qwen3_moe", 3, 1, "", 1)]
    [InlineData("qwen3_moe", 4, 1, "", 1)]
    [InlineData("qwen3_moe", 1, 2, "", 1)]
    [InlineData("qwen3_moe", 2, 2, "", 1)]
    [InlineData("qwen3_moe", 3, 1, "1,3,2", 1)]
    public async Task Eight_sequences_at_once_say_what_they_say_on_one_machine(
        string architecture, int tensor, int pipeline, string shares, int steps)
    {
        using var file = new RandomModel(RandomModel.ConfigOf(architecture), 7);
        var limits = Scheduling.StepLimits(KvBlocks);
        using var backend = new CpuBackend(new() { Threads = 1, Reference = true });
        using var model = Decoder.Load(
            file, backend, new() { KvBlocks = KvBlocks, Limits = limits, KvType = DType.F32 });
        using var cluster = new ThreadCluster(
            file, SlicingContract.Plan(file, tensor, pipeline, shares), limits, KvBlocks, stepsInFlight: steps);

        var expected = await AnswersAsync(new LocalExecutor(model));
        var actual = await AnswersAsync(cluster.Executor);

        Assert.Equal(expected.Texts, actual.Texts);
        // The cache is too small for all: sequences were preempted and blocks were shared on both.
        Assert.True(actual.Preemptions > 0);
        // Step by step the engine decides what it decides on one machine.
        if (steps == 1) Assert.Equal(expected.Preemptions, actual.Preemptions);
    }

    [Fact]
    public void A_step_survives_the_wire()
    {
        var input = new ForwardInput(new(16, 4, 8, 16));
        input.AddSequence([5, 6, 7], 15, 40, [3, 1], 2);
        input.AddSequence([9], 0, 1, [2], 0);
        var frame = new StepFrame(new(16, 4, 8, 16), 10, 4, 1 << 20);
        var bytes = frame.Write(input, [new(1, 2)], [Measured, SequenceRows.All], [2, 1]).ToArray();

        var read = new ForwardInput(new(16, 4, 8, 16));
        frame.Read(bytes, read);

        Assert.Equal([5, 6, 7, 9], read.Tokens);
        Assert.Equal([15, 16, 17, 0], read.Positions);
        Assert.Equal([(3 * 16) + 15, 16, 17, 32], read.Slots);
        Assert.Equal([1, 2], read.LogitRows);
        Assert.Equal([40, 1], read.PromptLengths);
        // The first row is followed by a token of the step, the last by one that is still to come.
        Assert.Equal([new LogitRow(7, true, 7), new LogitRow(7, true, 8)], frame.Rows[..2]);
        Assert.Equal([2, 1], frame.Pooled[..2]);
        Assert.Equal([new BlockCopy(1, 2)], frame.Copies);
    }

    [Fact]
    public void Damaged_steps_are_refused_and_never_crash()
    {
        var limits = new StepLimits(16, 4, 8, 16);
        var input = new ForwardInput(limits);
        input.AddSequence([5, 6, 7], 15, 40, [3, 1], 2);
        input.AddSequence([9], 0, 1, [2], 1);
        var frame = new StepFrame(limits, 10, 4, 1 << 20);
        var sound = frame.Write(input, [new(1, 2)], [Measured, SequenceRows.All]).ToArray();
        var random = new Random(11);
        var refused = 0;

        for (var i = 0; i < 5000; i++)
        {
            var damaged = sound.AsSpan(0, random.Next(4) == 0 ? random.Next(sound.Length) : sound.Length).ToArray();
            for (var j = random.Next(3); j >= 0 && damaged.Length > 0; j--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            try
            {
                frame.Read(damaged, input);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 3000, 5000);
    }

    private static async Task<(List<int[]> Texts, long Preemptions)> AnswersAsync(IExecutor executor)
    {
        var engine = new LlmEngine(executor, new() { Scheduling = Scheduling }, TimeProvider.System);
        // All are there before the first step: who is admitted when does not hang on how fast they come.
        var generations = Enumerable.Range(0, 8).Select(i => engine.Submit(new()
        {
            Prompt = Enumerable.Range(0, 20 + (5 * i)).Select(p => p < 17 ? p : p * (i + 1) % 83).ToArray(),
            TokensMax = 30, Sampling = new SamplingOptions { Temperature = 0 },
        })).ToList();
        var running = engine.RunAsync();
        var texts = await Task.WhenAll(generations.Select(async generation =>
            (await generation.ToListAsync()).Where(token => token.IsText).Select(token => token.Id).ToArray()));
        engine.Stop();
        await running;
        return ([.. texts], engine.Counters.Preemptions);
    }
}
