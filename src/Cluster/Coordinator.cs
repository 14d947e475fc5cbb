using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Minka.Cluster.Protocol;
using Minka.Cluster.Protocol.Framing;
using Minka.Cluster.Weights;
using Minka.Collectives;
using Minka.Collectives.Joining;
using Minka.Collectives.Transports;
using Minka.Models;
using Minka.Plan;

namespace Minka.Cluster;

/// <summary>What a root asks of its workers.</summary>
/// <param name="Plan">Cuts the model; its first replica is started.</param>
/// <param name="Holding">How the model is held, and the largest step.</param>
/// <param name="Key">The shared key; null only on loopback.</param>
/// <param name="Within">Time until all ranks are loaded.</param>
public sealed record ClusterRequest(ClusterPlan Plan, ModelHolding Holding, PresharedKey? Key, TimeSpan Within)
{
    /// <summary>The model, for workers that have no copy of it; null if all of them have one.</summary>
    public IWeightFile? Weights { get; init; }

    /// <summary>
    /// Told bytes of weights that were sent since the last call, and how many are to be sent; from several threads.
    /// </summary>
    public Action<long, long>? Shipped { get; init; }

    /// <summary>Steps that are on their way through the stages at once; null for one for each stage.</summary>
    public int? StepsInFlight { get; init; }

    /// <summary>Where hashes of the model's slices are kept between starts; null for nowhere.</summary>
    public string? SumsFolder { get; init; }

    /// <summary>Told of what is wrong and was helped, a sentence.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>Clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>Starts the ranks of a plan on their workers and joins them.</summary>
public static class Coordinator
{
    /// <summary>Version of the control plane.</summary>
    public const int ProtocolMajor = 1;

    private static readonly TimeSpan _connectWithin = TimeSpan.FromSeconds(10);

    /// <summary>How ranks wait for each other: a long chunk on a slow stage is no silence.</summary>
    internal static TcpTransportOptions Waiting { get; } = new() { Deadline = TimeSpan.FromSeconds(60) };

    /// <summary>
    /// How ranks that compute wait: ranks of a stage are a few hundred microseconds apart, and waking a sleeper costs
    /// as much as the sum itself (<c>docs/decisions</c>, 0003).
    /// </summary>
    internal static TcpTransportOptions WaitingForSums { get; } =
        Waiting with { Spin = TimeSpan.FromMilliseconds(2) };

    /// <summary>Starts a cluster.</summary>
    /// <param name="request">Plan, model, key.</param>
    /// <param name="config">The model.</param>
    /// <param name="tell">Takes a line about what was chosen.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ClusterException">A worker cannot be reached or refuses; says which and why.</exception>
    public static async Task<ClusterModel> StartAsync(
        ClusterRequest request, ModelConfig config, Action<string> tell, CancellationToken cancellation)
    {
        var replica = request.Plan.Replicas[0];
        if (request.Weights is { } weights)
            request = request with
            {
                Holding = new(request.Holding) { FileIdentity = FileIdentity.Of(weights.Path) },
            };
        RankPlan[] ranks = [.. replica.Stages.SelectMany(stage => stage.Ranks)];
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var clients = ranks.Select(rank => new ControlClient(rank.Address, request.Key, _connectWithin)).ToList();
        var transport = default(TcpTransport);
        try
        {
            var addresses = await AllAsync(
                giveUp, ranks, rank => MeshAddressAsync(clients[rank.Rank], rank, giveUp.Token));
            var shipping = new WeightShipping(request, replica);
            await ShipAsync(giveUp, request, replica, clients, shipping);
            var joining = JoinAsync(request, replica, addresses, giveUp.Token);
            var replies = await StartAllAsync(giveUp, request, replica, clients, addresses, joining, shipping.Facts);
            transport = await joining;
            var executor = new ClusterExecutor(transport, replica, ShapeOf(request, replica, config));
            var choices = executor.Tune();
            foreach (var chosen in choices) tell(chosen);
            return new(executor, config, MemoryOf(replies, replica), transport)
            {
                Monitor = new(ranks.Select(rank => rank.Address), request.Key, Waiting.Time),
                Replica = replica,
                Choices = choices,
            };
        }
        catch (Exception failed) when (failed is PeerLostException or InvalidOperationException)
        {
            throw new ClusterException(failed.Message, failed);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    /// <summary>Which rank of which cluster a process is. The root is one past the ranks.</summary>
    internal static MeshIdentity IdentityOf(ClusterPlan plan, ReplicaPlan replica, int rank, int epoch) => new()
    {
        Rank = rank,
        Size = replica.Stages.Sum(stage => stage.Ranks.Count) + 1,
        Epoch = epoch,
        ModelHash = plan.Model.Hash,
        PlanHash = PlanJson.Hash(plan),
    };

    internal static EndPoint EndPointOf(string address)
    {
        if (IPEndPoint.TryParse(address, out var numbers)) return numbers;
        var colon = address.LastIndexOf(':');
        if (colon > 0 && ushort.TryParse(address.AsSpan(colon + 1), CultureInfo.InvariantCulture, out var port))
            return new DnsEndPoint(address[..colon], port, AddressFamily.Unspecified);
        throw new ArgumentException($"'{address}' is not host:port.");
    }

    private static async Task<string> MeshAddressAsync(
        ControlClient client, RankPlan rank, CancellationToken cancellation)
    {
        var hello = await client.HelloAsync(new() { ProtocolMajor = ProtocolMajor }, cancellation);
        if (hello.ProtocolMajor != ProtocolMajor)
            throw new ClusterException($"Worker {rank.Address} speaks version {hello.ProtocolMajor} of the control "
                + $"plane; this root speaks {ProtocolMajor}. Install the same version of Minka on both.");
        return MeshAddress(rank.Address, hello);
    }

    /// <summary>Asks every rank what it lacks, and sends it.</summary>
    private static async Task ShipAsync(
        CancellationTokenSource giveUp, ClusterRequest request, ReplicaPlan replica, List<ControlClient> clients,
        WeightShipping shipping)
    {
        if (request.Weights is null) return;
        RankPlan[] ranks = [.. replica.Stages.SelectMany(stage => stage.Ranks)];
        var assignments = Assignments(request, replica);
        await AllAsync(giveUp, ranks, rank =>
            shipping.AskAsync(clients[rank.Rank], assignments[rank.Rank], giveUp.Token));
        var total = shipping.BytesMissing;
        await AllAsync(giveUp, ranks, async rank =>
        {
            await shipping.ShipAsync(clients[rank.Rank], assignments[rank.Rank],
                bytes => request.Shipped?.Invoke(bytes, total), giveUp.Token);
            return true;
        });
    }

    private static Assignment[] Assignments(ClusterRequest request, ReplicaPlan replica)
    {
        var (json, hash) = (PlanJson.Write(request.Plan), PlanJson.Hash(request.Plan));
        return [.. replica.Stages.SelectMany(stage => stage.Ranks).OrderBy(rank => rank.Rank).Select(rank =>
            new Assignment
            {
                PlanJson = json, PlanHash = hash, Replica = replica.Name, Rank = rank.Rank, Epoch = request.Plan.Epoch,
            })];
    }

    /// <summary>
    /// Where a worker's ranks are found: it knows its port; by which name it is reached, only those who reach it know.
    /// </summary>
    internal static string MeshAddress(string address, HelloReply hello) =>
        address[..address.LastIndexOf(':')] + hello.MeshAddress[hello.MeshAddress.LastIndexOf(':')..];

    private static async Task<TcpTransport> JoinAsync(
        ClusterRequest request, ReplicaPlan replica, string[] addresses, CancellationToken cancellation)
    {
        await using var listener = PeerListener.Start(new(IPAddress.Loopback, 0), new() { Key = request.Key });
        return await TcpMesh.JoinAsync(
            listener, IdentityOf(request.Plan, replica, addresses.Length, request.Plan.Epoch),
            [.. addresses.Select(EndPointOf), listener.EndPoint], Waiting, request.Within, cancellation);
    }

    private static async Task<StartReply[]> StartAllAsync(
        CancellationTokenSource giveUp, ClusterRequest request, ReplicaPlan replica, List<ControlClient> clients,
        string[] addresses, Task<TcpTransport> joining, ModelFacts? model)
    {
        var assignments = Assignments(request, replica);
        try
        {
            return await AllAsync(giveUp, [.. replica.Stages.SelectMany(stage => stage.Ranks)], rank =>
                clients[rank.Rank].StartAsync(new()
                {
                    Assignment = assignments[rank.Rank],
                    MeshAddresses = { addresses },
                    JoinSecondsMax = (int)request.Within.TotalSeconds,
                    Holding = request.Holding,
                    Model = model,
                }, giveUp.Token));
        }
        catch
        {
            // Ranks that had started see this side leave.
            _ = joining.ContinueWith(
                joined => joined.Result.Dispose(), CancellationToken.None,
                TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            throw;
        }
    }

    /// <summary>Asks all workers at once; the first that fails ends the others.</summary>
    private static async Task<T[]> AllAsync<T>(
        CancellationTokenSource giveUp, RankPlan[] ranks, Func<RankPlan, Task<T>> ask)
    {
        var failed = default(Exception);
        var answers = await Task.WhenAll(ranks.Select(async rank =>
        {
            try
            {
                return await ask(rank);
            }
            catch (Exception wrong) when (wrong is GrpcException or OperationCanceledException)
            {
                if (wrong is GrpcException && !giveUp.IsCancellationRequested)
                    Interlocked.CompareExchange(ref failed,
                        new ClusterException($"Worker {rank.Address}: {wrong.Message}", wrong), null);
                await giveUp.CancelAsync();
                return default!;
            }
        }));
        if (failed is not null) throw failed;
        giveUp.Token.ThrowIfCancellationRequested();
        return answers;
    }

    private static Engine.Execution.ExecutorShape ShapeOf(
        ClusterRequest request, ReplicaPlan replica, ModelConfig config) => new(
        config.VocabularySize, config.ContextLength, replica.Kv.Tokens / ForwardInput.BlockTokens,
        new(request.Holding.StepTokens, request.Holding.StepSequences, request.Holding.StepLogitRows,
            request.Holding.StepTableBlocks))
        {
            StepsInFlight = request.StepsInFlight ?? replica.Stages.Count,
            EmbeddingWidth = config.Width,
            SharedLengthMax = config.Rope.GetSharedLengthMax(),
        };

    private static ModelMemory MemoryOf(StartReply[] replies, ReplicaPlan replica)
    {
        var block = replies.Sum(reply => reply.KvBlockBytes);
        return new(replies.Sum(reply => reply.WeightBytes), replies.Sum(reply => reply.DecodeBytes), block,
            block * (replica.Kv.Tokens / ForwardInput.BlockTokens), replies.Sum(reply => reply.ScratchBytes));
    }
}
