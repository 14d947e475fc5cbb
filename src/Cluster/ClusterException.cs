namespace Minka.Cluster;

/// <summary>A cluster could not be started; the message says which worker, what it found and what to do.</summary>
public sealed class ClusterException : IOException
{
    /// <summary>Says it in one sentence.</summary>
    public ClusterException(string message) : base(message) { }

    /// <summary>Says it in one sentence, with its cause.</summary>
    public ClusterException(string message, Exception cause) : base(message, cause) { }
}
