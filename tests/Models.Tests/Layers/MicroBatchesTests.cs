using Minka.Compute.Cpu;
using Minka.Models.Layers;
using Minka.Models.Tests.Architectures;

namespace Minka.Models.Tests.Layers;

public sealed class MicroBatchesTests : IDisposable
{
    private static readonly StepLimits Limits = new(64, 32, 64, 128);

    private readonly CpuBackend[] _cores = [new(new() { Threads = 1 }), new(new() { Threads = 1 })];
    private readonly MicroBatches _parts;

    public MicroBatchesTests() => _parts = new(_cores, RandomModel.ConfigOf("llama"), Limits);

    [Fact]
    public void A_part_is_a_step_of_its_own_sequences()
    {
        var step = new ForwardInput(Limits);
        step.AddSequence([10, 11, 12], 0, 3, [7], 1);
        step.AddSequence([20], 40, 9, [4, 5, 6], 1);
        step.AddSequence([30, 31], 15, 17, [2, 8], 0);
        step.AddSequence([40, 41], 100, 50, [20, 21, 22, 23, 24, 25, 26], 2);

        Assert.True(_parts.TryCut(step));

        var (first, second) = (_parts[0].Input, _parts[1].Input);
        Assert.Equal([10, 11, 12, 20], first.Tokens.ToArray());
        Assert.Equal([0, 1, 2, 40], first.Positions.ToArray());
        Assert.Equal([2, 3], first.LogitRows.ToArray());
        Assert.Equal([30, 31, 40, 41], second.Tokens.ToArray());
        Assert.Equal([15, 16, 100, 101], second.Positions.ToArray());
        Assert.Equal([2 * 16 + 15, 8 * 16, 26 * 16 + 4, 26 * 16 + 5], second.Slots.ToArray());
        Assert.Equal([2, 3], second.LogitRows.ToArray());
        Assert.Equal([17, 50], second.PromptLengths.ToArray());
        Assert.Equal([0, 2, 4], second.Layout.RowStarts.ToArray());
        Assert.Equal([0, 2, 9], second.Layout.BlockStarts.ToArray());
        Assert.Equal([2, 8, 20, 21, 22, 23, 24, 25, 26], second.Layout.Blocks.ToArray());
    }

    [Theory]
    [InlineData("1 1 1 1", 2, 2)]
    [InlineData("1 1 1 1 1", 2, 3)]
    [InlineData("1 1 1 1 1 1 1 1", 4, 4)]
    [InlineData("3 1 1 1 2", 4, 4)]
    [InlineData("16 16", 16, 16)]
    public void Parts_are_about_equally_long(string lengths, int first, int second)
    {
        Assert.True(_parts.TryCut(Of(lengths)));

        Assert.Equal((first, second), (_parts[0].Tokens, _parts[1].Tokens));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("1 1 1")]                   // a part of one token
    [InlineData("30")]                      // nobody to share with
    [InlineData("9 1 1")]                   // one core would wait for the other
    [InlineData("1 1 9")]
    [InlineData("2 6 4")]
    [InlineData("20 20")]                   // long enough to work on together
    public void Other_steps_stay_whole(string lengths) => Assert.False(_parts.TryCut(Of(lengths)));

    public void Dispose()
    {
        _parts.Dispose();
        Array.ForEach(_cores, core => core.Dispose());
    }

    private static ForwardInput Of(string lengths)
    {
        var step = new ForwardInput(Limits);
        foreach (var length in lengths.Split(' ').Select(int.Parse))
            step.AddSequence(new int[length], 0, length, [0, 1], 1);
        return step;
    }
}
