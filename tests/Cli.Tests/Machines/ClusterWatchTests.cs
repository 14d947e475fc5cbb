using Minka.Cli.Machines;
using Minka.Cluster.Metrics;
using Minka.Cluster.Protocol;
using Minka.Plan;

namespace Minka.Cli.Tests.Machines;

/// <summary>What the live page says of ranks and links, from what two of them counted two seconds apart.</summary>
public sealed class ClusterWatchTests
{
    private static readonly ReplicaPlan _replica = new()
    {
        Name = "r", Root = "root",
        Stages = [new(new(0, 3), [Plan(0)]), new(new(3, 5), [Plan(1)])],
    };

    [Fact]
    public void Rates_and_shares_are_those_between_two_looks()
    {
        var view = View(
            [Worker(0, steps: 10, seconds: 1, computing: 0.5, sent: 1000), Worker(1)],
            [Worker(0, steps: 30, seconds: 2, computing: 1.25, sent: 5000), Worker(1, sent: 700)]);

        var rank = view.Ranks[0];
        Assert.Equal(("running", 0, 0..3, 10.0), (rank.State, rank.Stage, rank.Layers, rank.StepsPerSecond));
        // One of two seconds was in steps, three quarters of it in layers.
        Assert.Equal(0.375, rank.Computing, 6);
        Assert.Equal((1, 3..5), (view.Ranks[1].Stage, view.Ranks[1].Layers));
        var link = view.Links[0];
        Assert.Equal((0, (int?)1, 2000.0), (link.From, link.To, link.SentPerSecond));
        Assert.Equal((12e-6, 90e-6), (link.WaitP50, link.WaitP99));
        Assert.Equal([(0, (int?)null), (1, null)], view.Links.Skip(1).Select(one => (one.From, one.To)));
        Assert.All(view.Links.Skip(1), one => Assert.Null(one.WaitP50));
    }

    [Fact]
    public void A_rank_that_is_silent_is_shown_with_its_reason_and_its_links_by_the_other_end()
    {
        var silent = new WorkerStatus("b:9000", null, "Connection refused");

        var view = View([Worker(0, sent: 100), Worker(1)], [Worker(0, sent: 500), silent]);

        Assert.Equal(("silent", "Connection refused", 3..5),
            (view.Ranks[1].State, view.Ranks[1].Problem, view.Ranks[1].Layers));
        Assert.Equal([(0, (int?)1, 200.0), (0, null, 0)],
            view.Links.Select(link => (link.From, link.To, link.SentPerSecond)));
    }

    [Fact]
    public void A_rank_that_began_again_has_no_rates_yet()
    {
        var again = Worker(0, steps: 5, seconds: 1);
        again.Status!.Epoch = 2;

        var view = View([Worker(0, steps: 4000, seconds: 90), Worker(1)], [again, Worker(1)]);

        Assert.Equal((0.0, 0.0), (view.Ranks[0].StepsPerSecond, view.Ranks[0].Computing));
    }

    private static Minka.Server.Web.ClusterView View(WorkerStatus[] before, WorkerStatus[] now)
    {
        using var monitor = new ClusterMonitor([], null, TimeProvider.System);
        return new ClusterWatch(monitor, _replica, TimeProvider.System).ViewOf(before, now, seconds: 2);
    }

    private static RankPlan Plan(int rank) => new()
    {
        Rank = rank, Node = $"n{rank}", Address = rank == 0 ? "a:9000" : "b:9000", Heads = new(0, 1),
        KvHeads = new(0, 1), FeedForward = new(0, 1), Vocabulary = new(0, 1),
    };

    private static WorkerStatus Worker(
        int rank, long steps = 0, double seconds = 0, double computing = 0, long sent = 0) => new(
        rank == 0 ? "a:9000" : "b:9000", new()
        {
            Rank = rank, Epoch = 1, State = WorkerState.Running, Steps = steps, StepSeconds = seconds,
            ComputeSeconds = computing, Compute = new(), Step = new(),
            Links =
            {
                new LinkStatus
                {
                    Peer = 1 - rank, BytesSent = rank == 0 ? sent : 0, BytesReceived = rank == 1 ? sent : 0,
                    Wait = new() { P50 = rank == 0 ? 12 : 3, P99 = rank == 0 ? 40 : 90 },
                },
                new LinkStatus { Peer = 2, Wait = new() { P50 = 5e6 } },
            },
        }, "");
}
