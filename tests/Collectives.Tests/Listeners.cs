using System.Collections.Concurrent;
using System.Net;
using Minka.Collectives.Joining;
using Minka.Collectives.Transports;

namespace Minka.Collectives.Tests;

/// <summary>A listener per rank on loopback, as processes would have.</summary>
internal sealed class Listeners : IAsyncDisposable
{
    private readonly PeerListener[] _listeners;

    /// <param name="size">How many ranks.</param>
    /// <param name="key">Theirs.</param>
    /// <param name="time">Their clock; a handshake of a cluster on the real one is never too slow.</param>
    public Listeners(int size, PresharedKey? key, TimeProvider? time = null) => _listeners =
    [
        .. Enumerable.Range(0, size).Select(_ => PeerListener.Start(new(IPAddress.Loopback, 0), new()
        {
            Key = key, Log = Log.Enqueue, HandshakeTimeout = Handshake, Time = time ?? TimeProvider.System,
        })),
    ];

    /// <summary>Longest handshake.</summary>
    public static TimeSpan Handshake { get; } = TimeSpan.FromMinutes(2);

    public ConcurrentQueue<string> Log { get; } = new();

    public PeerListener this[int rank] => _listeners[rank];

    public IReadOnlyList<EndPoint> EndPoints => [.. _listeners.Select(listener => listener.EndPoint)];

    public MeshIdentity[] Identities(int epoch = 1) => [.. _listeners.Select((_, rank) => new MeshIdentity
    {
        Rank = rank, Size = _listeners.Length, Epoch = epoch, ModelHash = new('1', 64), PlanHash = new('2', 64),
    })];

    public Task<TcpTransport> JoinOneAsync(MeshIdentity identity, TimeSpan? within = null) =>
        JoinUntilAsync(identity, within ?? Ranks.Deadline, CancellationToken.None);

    public Task<TcpTransport> JoinUntilAsync(MeshIdentity identity, TimeSpan within, CancellationToken enough) =>
        TcpMesh.JoinAsync(_listeners[identity.Rank], identity, EndPoints, new() { Deadline = Ranks.Deadline }, within,
            enough);

    public async Task<IReadOnlyList<TcpTransport>> JoinAsync(MeshIdentity[] identities) =>
        await Task.WhenAll(identities.Select(identity => JoinOneAsync(identity)));

    public async ValueTask DisposeAsync()
    {
        foreach (var listener in _listeners) await listener.DisposeAsync();
    }
}
