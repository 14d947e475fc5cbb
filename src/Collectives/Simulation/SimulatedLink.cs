namespace Minka.Collectives.Simulation;

/// <summary>Messages on their way from one rank to another, in order.</summary>
internal sealed class SimulatedLink
{
    private readonly Queue<(long At, byte[] Message)> _messages = new();
    private long _lastAt;

    /// <summary>Nothing more is taken; what is on its way still arrives.</summary>
    public bool IsClosed { get; set; }

    /// <summary>What is sent is lost.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Whom the sender had lost when it left; null if it just left.</summary>
    public PeerLostException? Parting { get; set; }

    public bool IsEmpty => _messages.Count == 0;

    /// <summary>When there is something to see: a message, or that the link is closed.</summary>
    public long NextAt => _messages.TryPeek(out var first) ? first.At : IsClosed ? 0 : long.MaxValue;

    /// <summary>Jitter does not let messages overtake each other.</summary>
    public void Enqueue(long at, byte[] message)
    {
        _lastAt = Math.Max(_lastAt, at);
        _messages.Enqueue((_lastAt, message));
    }

    public bool TryDequeue(long now, out byte[]? message)
    {
        message = null;
        if (!_messages.TryPeek(out var first) || first.At > now) return false;
        message = _messages.Dequeue().Message;
        return true;
    }
}
