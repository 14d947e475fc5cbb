using System.Diagnostics;
using System.Globalization;
using Minka.Engine;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;

namespace Minka.Bench.Engine;

/// <summary><c>scheduler</c>: what a step costs besides the model. Bound by the work per sequence, so in
/// microseconds.</summary>
internal static class SchedulerBench
{
    private const int Sequences = 64, Prompt = 200, Warm = 200, Steps = 2000, Slice = 50;

    public static readonly string What = $"{Sequences} sequences decode: schedule and commit a step, us";
    public static readonly string WhatBytes = $"bytes allocated by that, in {Steps:N0} steps";

    /// <summary>Microseconds of a step, and bytes that all steps allocated.</summary>
    internal readonly record struct Cost(double Median, double Best, long Bytes);

    public static int Run()
    {
        var cost = Measure();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Sequences} sequences decode: a step costs "
            + $"{cost.Median:F1} us to schedule and commit (best {cost.Best:F1}); "
            + $"{cost.Bytes} bytes in {Steps} steps"));
        return 0;
    }

    /// <summary>Measured after as much of the same as the compiler needs.</summary>
    public static Cost Measure()
    {
        var compiler = new CompilerWork();
        while (!compiler.IsDone) MeasureOnce();
        return MeasureOnce();
    }

    private static Cost MeasureOnce()
    {
        var options = new SchedulerOptions
        {
            SequencesMax = Sequences, TokensPerStepMax = 512, LogitRowsMax = Sequences, ContextMax = 4096,
        };
        var scheduler = new Scheduler(options, kvBlocks: 16_384);
        for (var i = 0; i < Sequences; i++)
        {
            var request = new GenerationRequest
            {
                Prompt = Enumerable.Range(i, Prompt).ToArray(), Sampling = SamplingOptions.Greedy,
            };
            scheduler.Add([new Sequence(i, request, 0, [], 4096)], TimeSpan.MaxValue);
        }
        while (scheduler.Running.Count < Sequences || scheduler.Running.Any(sequence => sequence.Generated < Warm))
            Step(scheduler);

        // Slices, since a busy machine interrupts some of them.
        List<double> each = new(Steps / Slice);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        for (var slice = 0; slice < Steps / Slice; slice++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var step = 0; step < Slice; step++) Step(scheduler);
            each.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds / Slice);
        }
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;

        each.Sort();
        return new(each[each.Count / 2], each[0], allocated);
    }

    private static void Step(Scheduler scheduler)
    {
        var batch = scheduler.Schedule(TimeSpan.Zero);
        for (var i = 0; i < batch.Chunks.Length; i++) if (batch.Chunks[i].SampleRows > 0) batch.AddSampled(i, 7 + i);
        scheduler.Commit(batch);
    }
}
