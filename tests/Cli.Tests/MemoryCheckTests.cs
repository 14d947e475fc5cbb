using Minka.Cli.Options;
using Minka.Compute;
using Minka.Engine.Execution;
using Minka.Engine.Scheduling;
using Minka.Models;

namespace Minka.Cli.Tests;

/// <summary>What a model is said to take before it is loaded, beside what it takes then.</summary>
public sealed class MemoryCheckTests
{
    /// <summary>With several threads a part of a step for each of them is room besides (decision 0012).</summary>
    [Theory]
    [InlineData(1, "int8", null)]
    [InlineData(2, "int8", null)]
    [InlineData(3, "f32", null)]
    [InlineData(3, "int8", "Q4_0")]
    [InlineData(17, "int8", null)] // more threads than cut steps
    public void Activations_and_logits_are_as_large_as_estimated(int threads, string compute, string? weights)
    {
        var choice = ModelChoice.BuiltIn with
        {
            Threads = threads,
            Compute = Enum.Parse<ComputeMode>(compute, ignoreCase: true),
            Weights = weights is null ? null : Enum.Parse<DType>(weights),
        };
        var scheduling = new SchedulerOptions { SequencesMax = 4, TokensPerStepMax = 96, LogitRowsMax = 12 };
        var room = new ModelRoom(64, scheduling.TokensPerStepMax) { Serving = new(scheduling, 0) };

        using var terminal = new TestTerminal();
        using var open = Composition.Open(choice, terminal.Terminal, room);

        var options = new ModelLoadOptions
        {
            KvBlocks = 1, Limits = scheduling.StepLimits(0), WeightType = choice.Weights,
        };
        var logits = 12L * sizeof(float) * open.Package.Config.VocabularySize;
        Assert.Equal(
            open.Model.Memory.ScratchBytes + logits, MemoryCheck.ScratchBytes(open.Package, options, choice));
        Assert.IsType<LocalExecutor>(open.Executor);
    }
}
