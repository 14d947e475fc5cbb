using System.Runtime.CompilerServices;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Minka.Cluster.Protocol;
using Minka.Cluster.Protocol.Framing;
using Minka.Plan;

namespace Minka.Cluster.Weights;

/// <summary>
/// Sees to it that every rank has its slices: asks what is missing, lets workers help each other, and sends the rest.
/// After a cut it asks again and goes on.
/// </summary>
/// <param name="request">Plan, model and whom to tell.</param>
/// <param name="replica">Whose ranks.</param>
internal sealed class WeightShipping(ClusterRequest request, ReplicaPlan replica)
{
    /// <summary>Attempts in a row that bring nothing before it gives up.</summary>
    private const int FruitlessMax = 15;

    private static readonly TimeSpan _rest = TimeSpan.FromSeconds(1);

    private readonly ModelManifest? _manifest = request.Weights is { } file ? ModelManifest.Of(file) : null;
    private readonly SliceSums? _sums = request.Weights is { } file
        ? new(file, request.Plan.Model.Hash, request.SumsFolder)
        : null;
    private readonly HelloReply?[] _first = new HelloReply?[replica.Stages.Sum(stage => stage.Ranks.Count)];

    /// <summary>The model, for those who start; null if its weights are not shipped.</summary>
    public ModelFacts? Facts => field ??= _manifest?.ToFacts();

    /// <summary>Asks a rank's worker what it lacks.</summary>
    /// <exception cref="GrpcException">It refuses.</exception>
    public async Task<HelloReply> AskAsync(ControlClient client, Assignment assignment, CancellationToken cancellation)
    {
        var reply = await client.HelloAsync(new()
        {
            ProtocolMajor = Coordinator.ProtocolMajor, Assignment = assignment, Model = Facts,
            Holding = request.Holding,
        }, cancellation);
        _first[assignment.Rank] ??= reply;
        return reply;
    }

    /// <summary>Bytes that all ranks together lacked when they were asked first.</summary>
    public long BytesMissing => _first.Sum(reply => reply?.Needs.Sum(need => need.Bytes - need.BytesHere) ?? 0);

    /// <summary>Sends a rank what it lacks until it lacks nothing.</summary>
    /// <exception cref="GrpcException">It refuses, or attempt after attempt brings nothing.</exception>
    public async Task ShipAsync(
        ControlClient client, Assignment assignment, Action<long> progress, CancellationToken cancellation)
    {
        if (_manifest is null) return;
        var (needs, fruitless, peers) = (_first[assignment.Rank]!.Needs, 0, true);
        if (IsCopy(_first[assignment.Rank])) needs = await VerifyAsync(client, assignment, cancellation);
        for (var left = Missing(needs); needs.Count > 0;)
        {
            try
            {
                await client.LoadSlicesAsync(
                    MessagesAsync(needs, assignment, peers, progress, cancellation), cancellation);
                peers = false;
                needs = (await AskAsync(client, assignment, cancellation)).Needs;
            }
            catch (GrpcException cut) when (IsPassing(cut) && fruitless < FruitlessMax)
            {
                await Task.Delay(_rest, request.Time, cancellation);
                needs = await TryAskAsync(client, assignment, cancellation) ?? needs;
            }
            fruitless = Missing(needs) < left ? 0 : fruitless + 1;
            left = Missing(needs);
            if (fruitless > FruitlessMax)
                throw new GrpcException(GrpcStatus.DataLoss, $"It still lacks {left >> 20} MiB of its slices after "
                    + $"{fruitless} attempts; look at its disk and its network.");
        }
    }

    /// <summary>A copy of its own, which is only believed to be the root's.</summary>
    private static bool IsCopy(HelloReply? reply) => reply is { HasModel: true, Source: "file" };

    /// <summary>Lets a worker hold its copy of the model against the root's; what differs is missing then.</summary>
    private async Task<RepeatedField<SliceNeed>> VerifyAsync(
        ControlClient client, Assignment assignment, CancellationToken cancellation)
    {
        await client.LoadSlicesAsync(VerifyingAsync(assignment, cancellation), cancellation);
        var needs = (await AskAsync(client, assignment, cancellation)).Needs;
        if (needs.Count > 0)
            request.Warn?.Invoke($"The copy of the model at the worker of rank {assignment.Rank} is damaged in "
                + $"{needs.Count} slices, {needs[0].Name} first; they are sent. Copy the model there again.");
        return needs;
    }

    private async IAsyncEnumerable<LoadSlicesRequest> VerifyingAsync(
        Assignment assignment, [EnumeratorCancellation] CancellationToken cancellation)
    {
        yield return new() { Header = new() { PlanHash = assignment.PlanHash, Rank = assignment.Rank } };
        yield return await SumsAsync(assignment.Rank, cancellation);
    }

    private async Task<LoadSlicesRequest> SumsAsync(int rank, CancellationToken cancellation) => new()
    {
        Sums = await Task.Run(() => _sums!.Of(RankSlices.Of(_manifest!, replica, rank)), cancellation),
    };

    /// <summary>What is tried again: a connection that broke, a slice that came damaged.</summary>
    private static bool IsPassing(GrpcException failed) =>
        failed.Status is GrpcStatus.Unavailable or GrpcStatus.Internal or GrpcStatus.Cancelled or GrpcStatus.Unknown
            or GrpcStatus.DataLoss or GrpcStatus.Aborted;

    private static long Missing(IEnumerable<SliceNeed> needs) => needs.Sum(need => need.Bytes - need.BytesHere);

    private async Task<RepeatedField<SliceNeed>?> TryAskAsync(
        ControlClient client, Assignment assignment, CancellationToken cancellation)
    {
        try
        {
            return (await AskAsync(client, assignment, cancellation)).Needs;
        }
        catch (GrpcException cut) when (IsPassing(cut))
        {
            return null;
        }
    }

    private async IAsyncEnumerable<LoadSlicesRequest> MessagesAsync(
        IReadOnlyList<SliceNeed> needs, Assignment assignment, bool mayUsePeers, Action<long> progress,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        yield return new()
        {
            Header = new() { PlanHash = assignment.PlanHash, Rank = assignment.Rank, BytesTotal = Missing(needs) },
        };
        var atPeers = mayUsePeers ? AtPeers(needs, assignment.Rank) : [];
        if (atPeers.Count > 0 && _first.Any(IsCopy)) yield return await SumsAsync(assignment.Rank, cancellation);
        foreach (var peer in atPeers.Values) yield return new() { AtPeer = peer };
        var theirs = atPeers.Values.SelectMany(peer => peer.Hashes).ToHashSet();
        foreach (var need in needs)
        {
            if (theirs.Contains(need.Hash)) continue;
            await foreach (var chunk in SliceSender.ChunksAsync(
                SourceOf(need), need.Hash, need.BytesHere, null, cancellation))
            {
                yield return new() { Chunk = chunk };
                progress(chunk.Data.Length);
            }
        }
    }

    /// <summary>Which of the missing slices other workers have, dealt out so that none sends them all.</summary>
    private Dictionary<string, SlicesAtPeer> AtPeers(IReadOnlyList<SliceNeed> needs, int rank)
    {
        var found = new Dictionary<string, SlicesAtPeer>();
        RankPlan[] others = [.. replica.Stages.SelectMany(stage => stage.Ranks).Where(one => one.Rank != rank)];
        var has = others.ToDictionary(one => one.Rank, one => HashesAt(one.Rank));
        for (var i = 0; i < needs.Count; i++)
        {
            var need = needs[i];
            var peer = Enumerable.Range(0, others.Length).Select(step => others[(i + rank + step) % others.Length])
                .FirstOrDefault(one => _first[one.Rank] is { HasModel: true } || has[one.Rank].Contains(need.Hash));
            if (peer is null) continue;
            if (!found.TryGetValue(peer.Address, out var at))
                found[peer.Address] = at = new() { Address = peer.Address };
            at.Hashes.Add(need.Hash);
        }
        return found;
    }

    private HashSet<ByteString> HashesAt(int rank)
    {
        if (_first[rank] is not { HasModel: false } reply) return [];
        var hashes = RankSlices.Of(_manifest!, replica, rank)
            .Select(slice => ByteString.CopyFrom(slice.Hash(request.Plan.Model.Hash))).ToHashSet();
        hashes.ExceptWith(reply.Needs.Select(need => need.Hash));
        return hashes;
    }

    private Compute.IWeightSource SourceOf(SliceNeed need)
    {
        var cut = need.Cut;
        if (cut is null || !_manifest!.Weights.TryGetValue(cut.Name, out var shape)
            || cut.Axis is not (SliceAxis.Rows or SliceAxis.Columns) || cut.Start < 0 || cut.Start >= cut.End
            || cut.End > (cut.Axis == SliceAxis.Rows ? shape.Rows : shape.Columns)
            || !request.Weights!.TryFind(cut.Name, out var weight))
            throw new GrpcException(GrpcStatus.InvalidArgument, $"It asks for {need.Name}, which the model has not; "
                + "root and worker are of different builds.");
        return new WeightSlice(shape, cut.Axis, cut.Start, cut.End).From(weight);
    }
}
