using System.Net;
using System.Net.Sockets;
using Minka.Collectives.Transports;

namespace Minka.Collectives.Tests;

/// <summary>Groups of ranks in this process, one thread each.</summary>
internal static class Ranks
{
    /// <summary>Longer than anything takes on the slowest machine: only a rank that hangs reaches it.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    public static IReadOnlyList<ITransport> InMemory(int size, TimeSpan? deadline = null) =>
        MemoryTransport.Create(size, deadline ?? Deadline, TimeProvider.System);

    public static IReadOnlyList<TcpTransport> OverTcp(int size, TcpTransportOptions? options = null)
    {
        var sockets = Sockets(size);
        return [.. Enumerable.Range(0, size).Select(rank =>
            new TcpTransport(rank, sockets[rank], epoch: 1, options ?? new() { Deadline = Deadline }))];
    }

    /// <summary>Ranks that share memory as those of one machine do, as far as there is any.</summary>
    public static IReadOnlyList<TcpTransport> OverMemory(int size, TcpTransportOptions? options = null)
    {
        var sockets = Sockets(size);
        var lanes = Enumerable.Range(0, size).Select(_ => new SharedLane?[size]).ToArray();
        for (var low = 0; low < size; low++)
            for (var high = low + 1; high < size; high++) (lanes[low][high], lanes[high][low]) = TryLanes();
        return [.. Enumerable.Range(0, size).Select(rank => new TcpTransport(
            rank, sockets[rank], epoch: 1, options ?? new() { Deadline = Deadline }, lanes[rank]))];
    }

    /// <summary>Both ends of a shared memory.</summary>
    public static (SharedLane First, SharedLane Second) Lanes()
    {
        var (first, second) = TryLanes();
        if (first is null || second is null) Assert.Skip("There is no memory here that processes can share.");
        Assert.Equal(first.Nonce, second.Nonce);
        return (first, second);
    }

    private static (SharedLane? First, SharedLane? Second) TryLanes()
    {
        if (SharedLane.TryCreate() is not { } first) return (null, null);
        var second = SharedLane.TryOpen(first.Name);
        first.Unlink();
        Assert.NotNull(second);
        return (first, second);
    }

    /// <summary>A connection on loopback for each pair of ranks.</summary>
    public static Socket?[][] Sockets(int size)
    {
        var sockets = Enumerable.Range(0, size).Select(_ => new Socket?[size]).ToArray();
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(64);
        for (var low = 0; low < size; low++)
            for (var high = low + 1; high < size; high++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Connect(listener.LocalEndPoint!);
                (sockets[low][high], sockets[high][low]) = (socket, listener.Accept());
            }
        return sockets;
    }

    /// <summary>Runs one body per rank at once; null for a rank that ended well, else what it threw.</summary>
    public static Exception?[] Run(IReadOnlyList<ITransport> transports, Action<ITransport> body)
    {
        var thrown = new Exception?[transports.Count];
        var threads = transports.Select((transport, rank) => new Thread(() =>
        {
            try
            {
                body(transport);
            }
            catch (Exception any)
            {
                thrown[rank] = any;
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        return thrown;
    }

    /// <summary>Bytes that this thread allocates in a hundred steps.</summary>
    /// <remarks>A method that is compiled anew meanwhile may cost something, and when that is depends on the machine:
    /// the least of some windows counts. One object a step would be 2400 bytes in each of them.</remarks>
    public static long LeastAllocated(Action step)
    {
        var least = long.MaxValue;
        for (var window = 0; window < 6; window++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++) step();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }

    /// <summary>Runs one body per rank at once; all must end well. Disposes the transports.</summary>
    public static void RunAll(IReadOnlyList<ITransport> transports, Action<ITransport> body)
    {
        var thrown = Run(transports, body);
        foreach (var transport in transports) transport.Dispose();
        Assert.All(thrown, Assert.Null);
    }
}
