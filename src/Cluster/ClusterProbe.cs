using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Minka.Cluster.Protocol;
using Minka.Cluster.Protocol.Framing;
using Minka.Collectives.Joining;

namespace Minka.Cluster;

/// <summary>A worker's machine, measured.</summary>
/// <param name="Address"><c>host:port</c> of the worker.</param>
/// <param name="Hello">What it is; null if it could not be asked.</param>
/// <param name="Speed">How fast it is; null if it could not be measured.</param>
/// <param name="Problem">Why not; empty if it could.</param>
public sealed record ProbedMachine(string Address, HelloReply? Hello, ProbeReply? Speed, string Problem);

/// <summary>A link between two workers, measured.</summary>
/// <param name="First">Place of one in the list of workers.</param>
/// <param name="Second">Place of the other.</param>
/// <param name="RoundTripP50Microseconds">Of a small message, half of the time.</param>
/// <param name="RoundTripP99Microseconds">Of a small message, 99 of 100 times.</param>
/// <param name="BytesPerSecond">Of a large message.</param>
public sealed record ProbedLink(
    int First, int Second, double RoundTripP50Microseconds, double RoundTripP99Microseconds, double BytesPerSecond);

/// <summary>Measures machines one after another, then every pair of links.</summary>
public static class ClusterProbe
{
    private static readonly TimeSpan _connectWithin = TimeSpan.FromSeconds(5);

    /// <summary>Measures all of them.</summary>
    /// <param name="addresses"><c>host:port</c> of each worker.</param>
    /// <param name="key">The key; null only on loopback.</param>
    /// <param name="tell">Takes a word about what is measured now.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Machines in the order of their addresses, links, and why there are none; empty if there are.</returns>
    public static async Task<(IReadOnlyList<ProbedMachine> Machines, IReadOnlyList<ProbedLink> Links, string Problem)>
        RunAsync(IReadOnlyList<string> addresses, PresharedKey? key, Action<string> tell,
            CancellationToken cancellation)
    {
        var clients = addresses.Select(address => new ControlClient(address, key, _connectWithin)).ToList();
        try
        {
            var machines = new List<ProbedMachine>();
            foreach (var (client, address) in clients.Zip(addresses))
            {
                tell(address);
                machines.Add(await MachineAsync(client, address, cancellation));
            }
            tell("links");
            var (links, problem) = await LinksAsync(clients, machines, cancellation);
            return (machines, links, problem);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    private static async Task<ProbedMachine> MachineAsync(
        ControlClient client, string address, CancellationToken cancellation)
    {
        var hello = default(HelloReply);
        try
        {
            hello = await client.HelloAsync(new() { ProtocolMajor = Coordinator.ProtocolMajor }, cancellation);
            return new(address, hello, await client.ProbeAsync(new(), cancellation), "");
        }
        catch (GrpcException refused)
        {
            return new(address, hello, null, refused.Message);
        }
    }

    private static async Task<(IReadOnlyList<ProbedLink>, string)> LinksAsync(
        List<ControlClient> clients, List<ProbedMachine> machines, CancellationToken cancellation)
    {
        if (machines.Count < 2) return ([], "");
        if (machines.FirstOrDefault(machine => machine.Speed is null) is { } absent)
            return ([], $"Links were not measured, since {absent.Address} could not be.");
        string[] peers = [.. machines.Select(machine => Coordinator.MeshAddress(machine.Address, machine.Hello!))];
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(',', peers)
            + Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture))));
        try
        {
            var replies = await Task.WhenAll(clients.Select((client, rank) => client.ProbeAsync(
                new() { Peers = { peers }, Rank = rank, ProbeHash = hash }, cancellation)));
            return ([.. from reply in replies.Index()
                        from link in reply.Item.Links
                        let second = Array.IndexOf(peers, link.Peer)
                        where reply.Index < second
                        select new ProbedLink(reply.Index, second, link.RoundTripMicrosecondsP50,
                            link.RoundTripMicrosecondsP99, link.BytesPerSecond)], "");
        }
        catch (GrpcException refused)
        {
            return ([], refused.Message);
        }
    }
}
