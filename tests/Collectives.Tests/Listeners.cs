using System.Collections.Concurrent;
using System.Net;
using Minka.Collectives.Joining;
using Minka.Collectives.Transports;

namespace Minka.Collectives.Tests;

/// <summary>A listener per rank on loopback, as processes would have.</summary>
internal sealed class Listeners : IAsyncDisposable
{
    private readonly PeerListener[] _listeners;

    public Listeners(int size, PresharedKey? key, TimeSpan? handshake = null) => _listeners =
    [
        .. Enumerable.Range(0, size).Select(_ => PeerListener.Start(new(IPAddress.Loopback, 0), new()
        {
            Key = key, Log = Log.Enqueue, HandshakeTimeout = handshake ?? TimeSpan.FromSeconds(5),
        })),
    ];

    public ConcurrentQueue<string> Log { get; } = new();

    public PeerListener this[int rank] => _listeners[rank];

    public IReadOnlyList<EndPoint> EndPoints => [.. _listeners.Select(listener => listener.EndPoint)];

    public MeshIdentity[] Identities(int epoch = 1) => [.. _listeners.Select((_, rank) => new MeshIdentity
    {
        Rank = rank, Size = _listeners.Length, Epoch = epoch, ModelHash = new('1', 64), PlanHash = new('2', 64),
    })];

    public Task<TcpTransport> JoinOneAsync(MeshIdentity identity, TimeSpan within) => TcpMesh.JoinAsync(
        _listeners[identity.Rank], identity, EndPoints, new() { Deadline = Ranks.Deadline }, within,
        CancellationToken.None);

    public async Task<IReadOnlyList<TcpTransport>> JoinAsync(MeshIdentity[] identities) =>
        await Task.WhenAll(identities.Select(identity => JoinOneAsync(identity, TimeSpan.FromSeconds(20))));

    public async ValueTask DisposeAsync()
    {
        foreach (var listener in _listeners) await listener.DisposeAsync();
    }
}
