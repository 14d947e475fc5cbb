namespace Minka.Collectives;

/// <summary>A rank closed its link, went silent, or does not speak our protocol; the group cannot go on.</summary>
/// <param name="rank">The rank that is lost, in the transport's numbering.</param>
/// <param name="reason">What was seen, as a clause: "it was silent for 5.0 s".</param>
public sealed class PeerLostException(int rank, string reason)
    : IOException($"Rank {rank} is lost: {reason}.")
{
    /// <summary>The rank that is lost, in the transport's numbering.</summary>
    public int Rank { get; } = rank;

    /// <summary>What was seen.</summary>
    public string Reason { get; } = reason;
}
