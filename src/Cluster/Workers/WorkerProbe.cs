using Minka.Cluster.Protocol;
using Minka.Cluster.Protocol.Framing;
using Minka.Collectives;
using Minka.Collectives.Joining;
using Minka.Compute.Cpu;

namespace Minka.Cluster.Workers;

/// <summary>What a worker measures of its machine and of its links when it is asked to.</summary>
internal static class WorkerProbe
{
    private const int PeersMax = 256;
    private static readonly TimeSpan _joinWithin = TimeSpan.FromSeconds(20);

    public static ProbeReply Machine(WorkerOptions options)
    {
        var threads = options.Threads > 0 ? options.Threads : CpuInfo.Read().DefaultThreads;
        return new()
        {
            ReadBytesPerSecond = MemoryBandwidth.Measure(threads),
            ReadBytesPerSecondOneThread = MemoryBandwidth.Measure(1),
            FlopsPerSecond = ProductSpeed.Measure(threads, options.Time),
        };
    }

    /// <summary>Joins the other workers as the ranks of a cluster do, plays ping-pong, and leaves.</summary>
    public static async Task<ProbeReply> LinksAsync(
        PeerListener mesh, ProbeRequest request, CancellationToken cancellation)
    {
        if (request.Peers.Count > PeersMax || (uint)request.Rank >= (uint)request.Peers.Count)
            throw Refuse($"Rank {request.Rank} of {request.Peers.Count} cannot be probed; at most {PeersMax} can.");
        if (request.ProbeHash.Length != 64 || !request.ProbeHash.All(char.IsAsciiHexDigit))
            throw Refuse("The probe has no hash of 64 hexadecimal digits.");
        var me = new MeshIdentity
        {
            Rank = request.Rank, Size = request.Peers.Count, Epoch = 1, ModelHash = request.ProbeHash,
            PlanHash = request.ProbeHash,
        };
        try
        {
            using var transport = await TcpMesh.JoinAsync(mesh, me,
                [.. request.Peers.Select(Coordinator.EndPointOf)], Coordinator.Waiting, _joinWithin, cancellation);
            var links = await Task.Run(() => Collectives.Choosing.LinkProbe.Measure(transport), cancellation);
            return new()
            {
                Links =
                {
                    links.Select(link => new Protocol.LinkProbe
                    {
                        Peer = request.Peers[link.Peer],
                        RoundTripMicrosecondsP50 = link.RoundTripP50Microseconds,
                        RoundTripMicrosecondsP99 = link.RoundTripP99Microseconds,
                        BytesPerSecond = link.BytesPerSecond,
                    }),
                },
            };
        }
        catch (Exception failed) when (failed is PeerLostException or ArgumentException or InvalidOperationException)
        {
            throw new GrpcException(GrpcStatus.FailedPrecondition, failed.Message, failed);
        }
    }

    private static GrpcException Refuse(string why) => new(GrpcStatus.InvalidArgument, why);
}
