using System.Text.Json.Serialization;

namespace Minka.Plan;

/// <summary>
/// Where every piece of one model lives: the contract between planner, launcher, ranks and the operator.
/// </summary>
public sealed record ClusterPlan
{
    /// <summary>The version of this format that this build writes and reads.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Version of the format.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Which incarnation of the cluster this is; grows when a rank comes back. Not part of the hash.</summary>
    public int Epoch { get; init; } = 1;

    /// <summary>The model that is cut.</summary>
    public required ModelShape Model { get; init; }

    /// <summary>Independent copies of the model; each serves requests on its own.</summary>
    public required IReadOnlyList<ReplicaPlan> Replicas { get; init; }
}

/// <summary>One copy of the model, cut into pipeline stages.</summary>
public sealed record ReplicaPlan
{
    // What a text leaves out the serializer sets to null, whatever a property begins with.
    private static readonly KvPlan _kv = new(4096, KvType.F16);

    /// <summary>Unique within the plan.</summary>
    public required string Name { get; init; }

    /// <summary>Node that schedules and talks to clients. It need not hold any layer.</summary>
    public required string Root { get; init; }

    /// <summary>In layer order; together they cover every layer once.</summary>
    public required IReadOnlyList<StagePlan> Stages { get; init; }

    /// <summary>What travels how.</summary>
    public CollectivePlan Collectives { get; init => field = value ?? new(); } = new();

    /// <summary>Key-value cache of every rank.</summary>
    public KvPlan Kv { get; init => field = value ?? _kv; } = _kv;

    /// <summary>Whether each rank of the first stage holds all of the embedding or its rows only.</summary>
    public EmbeddingPlacement Embedding { get; init; } = EmbeddingPlacement.Sliced;

    /// <summary>Ranks of all stages, in order.</summary>
    internal IEnumerable<RankPlan> AllRanks => Stages.SelectMany(stage => stage.Ranks);
}

/// <summary>A run of consecutive layers, cut across tensor-parallel ranks.</summary>
/// <param name="Layers">Layers this stage owns.</param>
/// <param name="Ranks">In tensor-parallel order; together they hold every head, column and expert once.</param>
public sealed record StagePlan(IndexRange Layers, IReadOnlyList<RankPlan> Ranks);

/// <summary>One worker process and its slices of every layer of its stage.</summary>
public sealed record RankPlan
{
    /// <summary>Place in the replica, from 0, stage after stage.</summary>
    public required int Rank { get; init; }

    /// <summary>Machine it runs on, as the topology names it.</summary>
    public required string Node { get; init; }

    /// <summary><c>host:port</c> the worker listens on.</summary>
    public required string Address { get; init; }

    /// <summary>Query heads; whole groups, or a part of one group.</summary>
    public required IndexRange Heads { get; init; }

    /// <summary>Key-value heads that these query heads read; ranks that share a group hold the same one.</summary>
    public required IndexRange KvHeads { get; init; }

    /// <summary>Columns of the feed-forward.</summary>
    public required IndexRange FeedForward { get; init; }

    /// <summary>Routed experts, whole; empty for a dense model.</summary>
    public IndexRange Experts { get; init; }

    /// <summary>Rows of embedding (first stage) and head (last stage); empty in between.</summary>
    public IndexRange Vocabulary { get; init; }
}

/// <summary>Which algorithm and which number format each class of message uses.</summary>
public sealed record CollectivePlan
{
    private static readonly CollectiveChoice _auto = new(CollectiveAlgorithm.Auto, WireFormat.F32);

    /// <summary>Sums of the hidden state, two per layer.</summary>
    public CollectiveChoice Hidden { get; init => field = value ?? _auto; } = _auto;

    /// <summary>Number format of the hidden state between stages.</summary>
    public WireFormat Boundary { get; init; } = WireFormat.F32;

    /// <summary>
    /// Best logits that each rank sends with its log-sum-exp when no request needs all of them; 0 sends all.
    /// </summary>
    [JsonRequired] public int LogitCandidates { get; init; } = 64;
}

/// <summary>How one class of all-reduce is done.</summary>
/// <param name="Algorithm">Which one.</param>
/// <param name="Wire">Numbers on the wire.</param>
public sealed record CollectiveChoice(CollectiveAlgorithm Algorithm, WireFormat Wire);

/// <summary>Size and format of the key-value cache.</summary>
/// <param name="Tokens">Positions of all sequences together.</param>
/// <param name="Type">Numbers in it.</param>
public sealed record KvPlan(int Tokens, KvType Type);
