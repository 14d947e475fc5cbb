using System.Net;
using Minka.Collectives.Joining;
using Minka.Collectives.Transports;

namespace Minka.Bench.Collectives;

/// <summary>
/// Sums over ranks by message size: bound by latency up to some tens of KiB, by the link above. Ranks are threads of
/// this process on loopback, or processes anywhere: <c>emulate.sh</c> starts them in network namespaces of 1 Gbit/s.
/// </summary>
internal static class CollectivesBench
{
    private const string Usage =
        """
        usage: collectives [--ranks 2,4,8] [--wires f32,q8] [--bytes-max 16777216] [--seconds 0.3]
               collectives --rank R --listen ADDRESS:PORT --peers A:P,B:P,... --key FILE [...]

          Without --rank: ranks are threads of this process. With it: this process is one rank; rank 0 reports.
        """;

    public static int Run(string[] args)
    {
        var options = Options.Parse(args);
        if (options is null)
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }
        if (options.Rank >= 0) RunProcess(options);
        else foreach (var size in options.Sizes) RunThreads(size, options);
        return 0;
    }

    private static void RunThreads(int size, Options options)
    {
        var listeners = Enumerable.Range(0, size)
            .Select(_ => PeerListener.Start(new(IPAddress.Loopback, 0), new())).ToList();
        EndPoint[] peers = [.. listeners.Select(listener => listener.EndPoint)];
        var threads = Enumerable.Range(0, size).Select(rank => new Thread(() =>
        {
            using var transport = TcpMesh.JoinAsync(listeners[rank], Identity(rank, size), peers, Waiting,
                TimeSpan.FromSeconds(20), CancellationToken.None).GetAwaiter().GetResult();
            new RankBench(transport, options, rank == 0 ? Console.Out : null).Run();
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        foreach (var listener in listeners) listener.DisposeAsync().AsTask().Wait();
    }

    private static void RunProcess(Options options)
    {
        var key = PresharedKey.Parse(File.ReadAllText(options.KeyFile));
        var listener = PeerListener.Start(options.Listen!, new() { Key = key, Log = Console.Error.WriteLine });
        using (var transport = TcpMesh.JoinAsync(listener, Identity(options.Rank, options.Peers.Count), options.Peers,
            Waiting, TimeSpan.FromSeconds(20), CancellationToken.None).GetAwaiter().GetResult())
        {
            new RankBench(transport, options, options.Rank == 0 ? Console.Out : null).Run();
        }
        listener.DisposeAsync().AsTask().Wait();
    }

    private static TcpTransportOptions Waiting => new() { Deadline = TimeSpan.FromSeconds(60) };

    private static MeshIdentity Identity(int rank, int size) => new()
    {
        Rank = rank, Size = size, Epoch = 1, ModelHash = new('0', 64), PlanHash = new('0', 64),
    };
}
