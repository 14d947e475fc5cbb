using System.Net.Sockets;

namespace Minka.Collectives.Joining;

/// <summary>The ranks that a listener waits for, for one cluster.</summary>
internal sealed class Expectation : IDisposable
{
    private readonly TaskCompletionSource<Socket>?[] _awaited;
    private bool _isOver;

    public Expectation(MeshIdentity identity)
    {
        Identity = identity;
        _awaited = [.. Enumerable.Range(0, identity.Size).Select(rank => rank > identity.Rank
            ? new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously)
            : null)];
    }

    /// <summary>Who answers when no cluster is expected; it matches nobody.</summary>
    public static MeshIdentity Nobody { get; } = new()
    {
        Rank = -1, Size = 0, Epoch = 0, ModelHash = new('0', 64), PlanHash = new('0', 64),
    };

    public MeshIdentity Identity { get; }

    public bool Awaits(int rank) => (uint)rank < (uint)_awaited.Length && _awaited[rank] is { Task.IsCompleted: false };

    /// <summary>Takes a rank's connection; false if it came before or nobody waits any more.</summary>
    public bool Take(int rank, Socket socket)
    {
        lock (_awaited) return !_isOver && _awaited[rank]!.TrySetResult(socket);
    }

    public Task<Socket> ComesAsync(int rank) => _awaited[rank]!.Task;

    /// <summary>Nobody waits any more: what came and was not used is closed.</summary>
    public void Dispose()
    {
        lock (_awaited)
        {
            _isOver = true;
            foreach (var awaited in _awaited)
                if (awaited?.Task is { IsCompletedSuccessfully: true } came) came.Result.Dispose();
        }
    }
}
