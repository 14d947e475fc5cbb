namespace Minka.Server.Web;

/// <summary>The machines that run a model, as the live page shows them.</summary>
/// <param name="Ranks">In the order of their ranks.</param>
/// <param name="Links">Every link once, those to the root last.</param>
public sealed record ClusterView(IReadOnlyList<RankView> Ranks, IReadOnlyList<LinkView> Links);

/// <summary>One rank between the last two looks at it.</summary>
public sealed record RankView
{
    /// <summary>Its number, from 0.</summary>
    public required int Rank { get; init; }

    /// <summary><c>host:port</c> of its worker.</summary>
    public required string Address { get; init; }

    /// <summary>One word: running, silent, idle ...</summary>
    public required string State { get; init; }

    /// <summary>What is wrong, in a sentence; empty for nothing.</summary>
    public string Problem { get; init; } = "";

    /// <summary>Its stage, from 0.</summary>
    public required int Stage { get; init; }

    /// <summary>Its layers.</summary>
    public required Range Layers { get; init; }

    /// <summary>Bytes of its process.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>Bytes of weights that it holds.</summary>
    public long WeightBytes { get; init; }

    /// <summary>Bytes of its part of the cache of keys and values.</summary>
    public long KvBytes { get; init; }

    /// <summary>Steps a second.</summary>
    public double StepsPerSecond { get; init; }

    /// <summary>Tokens a second, prompts too.</summary>
    public double TokensPerSecond { get; init; }

    /// <summary>Share of the time that went into layers, 0 to 1.</summary>
    public double Computing { get; init; }

    /// <summary>Share of the time within steps in which it waited for other ranks.</summary>
    public double Waiting { get; init; }

    /// <summary>Share of the time in which bytes moved.</summary>
    public double Moving { get; init; }

    /// <summary>Share of the time that went into converting and adding.</summary>
    public double Reducing { get; init; }
}

/// <summary>A link between two ranks, or a rank and the root, between the last two looks at it.</summary>
public sealed record LinkView
{
    /// <summary>The rank at one end.</summary>
    public required int From { get; init; }

    /// <summary>The rank at the other end; null for the root.</summary>
    public required int? To { get; init; }

    /// <summary>Round trip in seconds as the system smooths it, of both ends the longer; 0 if unknown.</summary>
    public double RoundTrip { get; init; }

    /// <summary>Bytes a second from <see cref="From"/> to <see cref="To"/>.</summary>
    public double SentPerSecond { get; init; }

    /// <summary>Bytes a second from <see cref="To"/> to <see cref="From"/>.</summary>
    public double ReceivedPerSecond { get; init; }

    /// <summary>
    /// Seconds until a message's first byte came, half of the time, since the start, at the end that waits longer;
    /// null for the root, for which ranks wait between requests.
    /// </summary>
    public double? WaitP50 { get; init; }

    /// <summary>The same, 99 of 100 times.</summary>
    public double? WaitP99 { get; init; }

    /// <summary>Segments that were sent again since the start, both ways.</summary>
    public long Resent { get; init; }
}
