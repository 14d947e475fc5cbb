using Minka.Cli.Machines;
using Minka.Cluster.Protocol;

namespace Minka.Cli.Tests.Machines;

/// <summary>Ten seconds of steps on two ranks, spent in different ways.</summary>
public sealed class BottleneckTests
{
    [Fact]
    public void Computing_wants_machines() => Assert.Equal(
        "Computing is 80 % of a step: faster or more machines make it shorter.",
        Bottleneck.Sentence([Rank(compute: 8, wait: 1, transfer: 0.5), Rank(compute: 8, wait: 1, transfer: 0.5)]));

    [Fact]
    public void Moving_wants_fewer_bytes() => Assert.StartsWith(
        "Moving bytes is 60 % of a step: --wire q8",
        Bottleneck.Sentence([Rank(compute: 3, wait: 1, transfer: 6), Rank(compute: 3, wait: 1, transfer: 6)]),
        StringComparison.Ordinal);

    [Fact]
    public void A_rank_that_computes_longer_than_its_stage_is_named() => Assert.Equal(
        "Rank 1 computes 1.6 times as long as the mean of its stage and the others wait for it: give it a smaller "
        + "share with --shares.",
        Bottleneck.Sentence([Rank(compute: 2, wait: 7, rank: 0), Rank(compute: 8, wait: 1, rank: 1)]));

    [Fact]
    public void Links_that_are_late_are_latency() => Assert.Contains(
        "the latency of the links", Bottleneck.Sentence([Rank(compute: 3, wait: 6), Rank(compute: 3, wait: 6)]),
        StringComparison.Ordinal);

    [Fact]
    public void A_long_tail_is_not_the_links() => Assert.Contains(
        "p99 of a sum is 10 times its median",
        Bottleneck.Sentence([Rank(compute: 3, wait: 6, p99: 1000), Rank(compute: 3, wait: 6)]),
        StringComparison.Ordinal);

    [Fact]
    public void Stages_that_stand_idle_want_requests() => Assert.Contains(
        "stages stand idle",
        Bottleneck.Sentence([Rank(compute: 3, wait: 6, layer: 0, scope: "boundary"),
            Rank(compute: 3, wait: 6, layer: 8, scope: "boundary")]),
        StringComparison.Ordinal);

    [Fact]
    public void Waiting_for_the_root_is_outside_of_steps() => Assert.StartsWith(
        "Computing is 90 %", Bottleneck.Sentence([Rank(compute: 9, wait: 100, scope: "control", name: "receive")]),
        StringComparison.Ordinal);

    [Fact]
    public void Nothing_is_said_of_nothing() => Assert.Equal("No step has run.", Bottleneck.Sentence([new()]));

    private static StatusReply Rank(
        double compute, double wait = 0, double transfer = 0, int rank = 0, double p99 = 150, int layer = 0,
        string scope = "stage", string name = "all-reduce") => new()
        {
            Rank = rank, Steps = 1000, StepSeconds = 10, ComputeSeconds = compute, LayerFirst = layer,
            LayerEnd = layer + 8,
            Operations =
            {
                new OperationStatus
                {
                    Scope = scope, Operation = name, Count = 1000, WaitSeconds = wait, TransferSeconds = transfer,
                    Total = new() { P50 = 100, P95 = 120, P99 = p99 },
                },
            },
        };
}
