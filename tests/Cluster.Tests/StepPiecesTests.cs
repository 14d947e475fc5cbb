using Minka.Models;

namespace Minka.Cluster.Tests;

public sealed class StepPiecesTests
{
    private static readonly StepLimits Limits = new(256, 3, 8, 64);
    private static readonly SequenceRows Measured = new(new(5, HasSum: true, HasNext: true), Next: 7);

    [Fact]
    public void Pieces_together_are_the_step()
    {
        var step = new ForwardInput(Limits);
        int[] first = [.. Enumerable.Range(0, 100)], second = [.. Enumerable.Range(200, 60)];
        step.AddSequence(first, 20, 120, [9, 1, 2, 3, 4, 5, 6, 7], 1);
        step.AddSequence(second, 0, 60, [10, 11, 12, 13], 3);
        var pieces = new StepPieces(Limits, 2);

        Assert.Equal(2, pieces.CountOf(step));
        var a = Copy(pieces.Cut(step, 0, 2, [Measured, SequenceRows.All], [100, 1]));
        Assert.Equal([Measured with { Next = 80 }], pieces.Rows);
        Assert.Equal([80], pieces.Pooled);
        var b = Copy(pieces.Cut(step, 1, 2, [Measured, SequenceRows.All], [100, 1]));
        Assert.Equal([Measured, SequenceRows.All], pieces.Rows);
        Assert.Equal([20, 1], pieces.Pooled);

        Assert.Equal<int>(step.Tokens.ToArray(), a.Tokens.Concat(b.Tokens));
        Assert.Equal<int>(step.Positions.ToArray(), a.Positions.Concat(b.Positions));
        Assert.Equal<int>(step.Slots.ToArray(), a.Slots.Concat(b.Slots));
        Assert.Equal<int>(step.LogitRows.ToArray(), a.Rows.Concat(b.Rows.Select(row => row + 80)));
    }

    [Fact]
    public void Steps_of_one_stage_and_small_steps_stay_whole()
    {
        var step = new ForwardInput(Limits);
        step.AddSequence(new int[127], 0, 127, [1, 2, 3, 4, 5, 6, 7, 8], 1);

        Assert.Equal(1, new StepPieces(Limits, 2).CountOf(step));
        Assert.Equal(1, new StepPieces(Limits, 1).CountOf(step));
    }

    private static (int[] Tokens, int[] Positions, int[] Slots, int[] Rows) Copy(ForwardInput piece) =>
        (piece.Tokens.ToArray(), piece.Positions.ToArray(), piece.Slots.ToArray(), piece.LogitRows.ToArray());
}
