using System.Net;
using Minka.Cluster.Weights;
using Minka.Collectives.Joining;

namespace Minka.Cluster.Workers;

/// <summary>How a worker listens and what it offers.</summary>
public sealed record WorkerOptions
{
    /// <summary>Where roots find it.</summary>
    public required IPEndPoint EndPoint { get; init; }

    /// <summary>The key; null only on loopback.</summary>
    public PresharedKey? Key { get; init; }

    /// <summary>Compute threads; 0 for one per core.</summary>
    public int Threads { get; init; }

    /// <summary>Bytes it may use; null for what is free when it is asked.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Model files and folders of its own.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>Where slices of models are kept.</summary>
    public string CacheFolder { get; init; } = SliceCache.DefaultFolder;

    /// <summary>Most bytes of them.</summary>
    public long CacheBytesMax { get; init; } = 64L << 30;

    /// <summary>Where Prometheus asks for numbers; null for nowhere.</summary>
    public IPEndPoint? Metrics { get; init; }

    /// <summary>Version of the program.</summary>
    public string Build { get; init; } = "";

    /// <summary>Takes one line for each thing that happens.</summary>
    public Action<string> Log { get; init; } = _ => { };

    /// <summary>Clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
