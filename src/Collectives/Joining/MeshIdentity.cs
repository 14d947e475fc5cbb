namespace Minka.Collectives.Joining;

/// <summary>Which rank of which cluster a process is; all but the rank must be equal on all of them.</summary>
public sealed record MeshIdentity
{
    /// <summary>Bytes of a hash.</summary>
    public const int HashBytes = 32;

    /// <summary>This rank, from 0.</summary>
    public required int Rank { get; init; }

    /// <summary>Ranks of the cluster.</summary>
    public required int Size { get; init; }

    /// <summary>Incarnation of the cluster.</summary>
    public required int Epoch { get; init; }

    /// <summary>SHA-256 of the model, 64 hexadecimal digits.</summary>
    public required string ModelHash { get; init; }

    /// <summary>SHA-256 of the plan, 64 hexadecimal digits.</summary>
    public required string PlanHash { get; init; }
}
