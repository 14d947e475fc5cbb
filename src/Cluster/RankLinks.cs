using Minka.Cluster.Metrics;
using Minka.Collectives;
using Minka.Collectives.Metrics;
using Minka.Collectives.Transports;
using Minka.Plan;

namespace Minka.Cluster;

/// <summary>Whom a rank talks to: its stage, the stage before, the stage after, and the root.</summary>
/// <remarks>The root is the transport's last rank, one past those of the plan.</remarks>
public sealed class RankLinks
{
    private readonly MeshCommunicator? _mesh;

    /// <param name="transport">Links to all ranks and the root; stays the caller's.</param>
    /// <param name="replica">The plan; this rank is <c>transport.Rank</c>.</param>
    /// <exception cref="ArgumentException">The transport has not one rank more than the plan.</exception>
    public RankLinks(ITransport transport, ReplicaPlan replica)
    {
        var ranks = replica.Stages.Sum(stage => stage.Ranks.Count);
        if (transport.Size != ranks + 1)
            throw new ArgumentException($"The transport has {transport.Size} ranks; the plan's {ranks} and the root "
                + $"are {ranks + 1}.", nameof(transport));
        var collectives = replica.Collectives;
        var at = PlannedModel.StageOf(replica, transport.Rank);
        int[] mine = [.. replica.Stages[at].Ranks.Select(rank => rank.Rank)];
        var place = Array.IndexOf(mine, transport.Rank);

        Root = ranks;
        Replica = replica;
        Trace = new(transport.Time);
        _mesh = mine.Length == 1 ? null : new(transport, OptionsOf(collectives) with { Trace = Trace }, mine);
        Stage = (ICommunicator?)_mesh ?? new SoloCommunicator();
        Boundary = new MeshCommunicator(transport, new() { Boundary = NameOf(collectives.Boundary), Trace = Trace });
        Control = new MeshCommunicator(transport, new() { Boundary = NameOf(WireFormat.F32), Trace = Trace });
        if (at > 0)
        {
            var before = replica.Stages[at - 1].Ranks;
            Previous = before[place % before.Count].Rank;
        }
        if (at < replica.Stages.Count - 1)
            Next = [.. replica.Stages[at + 1].Ranks.Where((_, i) => i % mine.Length == place).Select(one => one.Rank)];
    }

    /// <summary>The plan.</summary>
    public ReplicaPlan Replica { get; }

    /// <summary>The rank that schedules.</summary>
    public int Root { get; }

    /// <summary>The tensor-parallel group.</summary>
    public ICommunicator Stage { get; }

    /// <summary>The rank of the stage before that sends the residual stream; null in the first stage.</summary>
    public int? Previous { get; }

    /// <summary>Ranks of the stage after that this one sends the residual stream to.</summary>
    public IReadOnlyList<int> Next { get; } = [];

    /// <summary>Hidden states leave the last stage, where every rank has them; the first of it sends them.</summary>
    internal bool SendsPooled => Replica.Stages[^1].Ranks[0].Rank == Control.Rank;

    /// <summary>What the rank did lately.</summary>
    public TraceLog Trace { get; }

    /// <summary>For the residual stream between stages, in the plan's format.</summary>
    internal ICommunicator Boundary { get; }

    /// <summary>For steps and logits, exact.</summary>
    internal ICommunicator Control { get; }

    /// <summary>Lets the stage measure its links; every rank of it calls this at the same time.</summary>
    /// <returns>What was chosen and why, for people.</returns>
    /// <exception cref="PeerLostException">A rank is gone or silent.</exception>
    public string Tune(TimeSpan atMost)
    {
        if (_mesh is null) return "one rank: nothing to sum";
        return Replica.Collectives.Hidden.Algorithm == CollectiveAlgorithm.Auto
            ? _mesh.Tune(atMost).Describe()
            : $"{OptionsOf(Replica.Collectives).Algorithm}, as the plan says";
    }

    /// <summary>For the steps of a loop over these links.</summary>
    internal RankMeter NewMeter() =>
        new(Trace, Stage, [("stage", Stage), ("boundary", Boundary), ("control", Control)]);

    private static CommunicatorOptions OptionsOf(CollectivePlan plan) => new()
    {
        Algorithm = plan.Hidden.Algorithm switch
        {
            CollectiveAlgorithm.OneShot => "one-shot",
            CollectiveAlgorithm.TwoShot => "two-shot",
            CollectiveAlgorithm.Doubling => "recursive-doubling",
            CollectiveAlgorithm.Ring => "ring",
            CollectiveAlgorithm.Star => "star",
            _ => "auto",
        },
        Wire = NameOf(plan.Hidden.Wire),
    };

    private static string NameOf(WireFormat wire) => wire switch
    {
        WireFormat.F16 => "f16",
        WireFormat.Q8 => "q8",
        _ => "f32",
    };
}
