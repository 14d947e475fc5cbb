using Google.Protobuf;
using Minka.Cluster.Protocol;
using Minka.Cluster.Protocol.Framing;
using Minka.Cluster.Weights;
using Minka.Models.Loading;
using Minka.Plan;

namespace Minka.Cluster.Tests.Weights;

/// <summary>A worker takes only slices that it lacks, in order and whole, whatever a caller sends.</summary>
public sealed class SlicesOnTheWireTests : IAsyncLifetime
{
    private readonly TestWorkers _workers = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    private Assignment _assignment = null!;
    private HelloReply _hello = null!;
    private ControlClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        await _workers.AddAsync(1);
        using var file = ModelFiles.Open(TestWorkers.ModelPath);
        var plan = PlanBuilder.Build(new()
        {
            Model = PlannedModel.ShapeOf(file), Workers = [_workers.All[0].EndPoint.ToString()],
            Kv = new(256, KvType.F16),
        });
        _assignment = new()
        {
            PlanJson = PlanJson.Write(plan), PlanHash = PlanJson.Hash(plan), Replica = plan.Replicas[0].Name, Epoch = 1,
        };
        _client = new(_workers.All[0].EndPoint.ToString(), null, TimeSpan.FromMinutes(1));
        _hello = await _client.HelloAsync(new()
        {
            ProtocolMajor = 1, Assignment = _assignment, Model = ModelManifest.Of(file).ToFacts(),
            Holding = new() { StepTokens = 1, StepSequences = 1, StepLogitRows = 1, StepTableBlocks = 1 },
        }, _cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _workers.DisposeAsync();
    }

    [Fact]
    public async Task Slices_without_a_header_or_of_another_plan_are_refused()
    {
        await RefusedAsync(GrpcStatus.InvalidArgument);
        await RefusedAsync(GrpcStatus.InvalidArgument, new LoadSlicesRequest { Chunk = new() });
        await RefusedAsync(GrpcStatus.Aborted, new LoadSlicesRequest { Header = new() { PlanHash = "no", Rank = 0 } });
        await RefusedAsync(GrpcStatus.Aborted, Header(rank: 1));
    }

    [Fact]
    public async Task Slices_that_are_not_missing_or_do_not_fit_are_refused()
    {
        var need = _hello.Needs.MaxBy(one => one.Bytes)!;
        await RefusedAsync(GrpcStatus.InvalidArgument, Header(), Chunk(ByteString.CopyFrom(1, 2, 3), 0, 8));
        await RefusedAsync(GrpcStatus.Aborted, Header(), Chunk(need.Hash, 16, 8));
        await RefusedAsync(GrpcStatus.Aborted, Header(), Chunk(need.Hash, -1, 8));
        await RefusedAsync(GrpcStatus.Aborted, Header(), Chunk(_hello.Needs.MinBy(one => one.Bytes)!.Hash, 0, 1 << 20));
        Assert.Empty(Directory.GetFiles(_workers.Folder, "*.slice", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_slice_of_other_bytes_than_its_hash_never_counts()
    {
        var need = _hello.Needs.MinBy(one => one.Bytes)!;

        await RefusedAsync(GrpcStatus.DataLoss, Header(), Chunk(need.Hash, 0, (int)need.Bytes));

        Assert.Empty(Directory.GetFiles(_workers.Folder, "*.slice", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_worker_that_has_nothing_sends_nothing_and_what_it_has_it_sends()
    {
        var request = new ReadSlicesRequest { ModelHash = PlanOf().Model.Hash, Wanted = { _hello.Needs } };
        Assert.Empty(await AllAsync(request));
        using var file = ModelFiles.Open(TestWorkers.ModelPath);
        var small = _hello.Needs.MinBy(one => one.Bytes)!;
        var chunks = new List<LoadSlicesRequest> { Header() };
        file.TryFind(small.Cut.Name, out var weight);
        await foreach (var chunk in SliceSender.ChunksAsync(weight!, small.Hash, 0, null, _cancellation))
            chunks.Add(new() { Chunk = chunk });
        await _client.LoadSlicesAsync(chunks.ToAsyncEnumerable(), _cancellation);

        var sent = await AllAsync(request);

        Assert.Equal(chunks.Skip(1).Select(chunk => chunk.Chunk), sent);
        request.Wanted.Clear();
        request.Wanted.Add(new SliceNeed { Cut = new() { Name = small.Cut.Name, Axis = SliceAxis.Rows, Start = 5 } });
        request.Wanted.Add(new SliceNeed());
        Assert.Empty(await AllAsync(request));
    }

    private ClusterPlan PlanOf() => PlanJson.Read(System.Text.Encoding.UTF8.GetBytes(_assignment.PlanJson));

    private async Task<List<SliceChunk>> AllAsync(ReadSlicesRequest request)
    {
        var chunks = new List<SliceChunk>();
        await foreach (var chunk in _client.ReadSlicesAsync(request, _cancellation)) chunks.Add(chunk);
        return chunks;
    }

    private async Task RefusedAsync(GrpcStatus status, params LoadSlicesRequest[] messages)
    {
        var refused = await Assert.ThrowsAsync<GrpcException>(
            () => _client.LoadSlicesAsync(messages.ToAsyncEnumerable(), _cancellation));
        Assert.Equal(status, refused.Status);
    }

    private LoadSlicesRequest Header(int rank = 0) =>
        new() { Header = new() { PlanHash = _assignment.PlanHash, Rank = rank } };

    private static LoadSlicesRequest Chunk(ByteString hash, long offset, int bytes) =>
        new() { Chunk = new() { Hash = hash, Offset = offset, Data = ByteString.CopyFrom(new byte[bytes]) } };
}
