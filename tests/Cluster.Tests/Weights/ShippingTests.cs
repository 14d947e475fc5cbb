using System.Net;
using System.Net.Sockets;
using Minka.Models.Loading;

namespace Minka.Cluster.Tests.Weights;

/// <summary>Workers without a copy of the model: who sends what, what stays, and what goes wrong.</summary>
public sealed class ShippingTests
{
    [Theory, InlineData(1, 1), InlineData(2, 1), InlineData(3, 1), InlineData(1, 2), InlineData(2, 2)]
    public async Task Workers_without_the_model_say_what_one_machine_says(int tensor, int pipeline)
    {
        await using var workers = new TestWorkers();
        await workers.AddAsync(tensor * pipeline);
        using var file = ModelFiles.Open(TestWorkers.ModelPath);

        using var cluster = await workers.ClusterAsync(file, tensor, pipeline);

        Assert.Equal(TestWorkers.Alone(file), TestWorkers.Greedy(cluster));
    }

    [Fact]
    public async Task A_rank_keeps_its_share_on_disk_and_a_second_start_sends_nothing()
    {
        await using var workers = new TestWorkers();
        await workers.AddAsync(2);
        using var file = ModelFiles.Open(TestWorkers.ModelPath);
        using (await workers.ClusterAsync(file, 2, 1))
        {
            var whole = ModelFiles.WeightBytes(file);
            // The heads of this model are no power of two, so that one rank has a little more.
            for (var i = 0; i < 2; i++)
                Assert.InRange(workers.Slices(i).Sum(slice => new FileInfo(slice).Length), whole * 0.4, whole * 0.6);
            Assert.InRange(workers.BytesShipped, whole, whole * 1.1);
        }
        await workers.AreIdleAsync();

        using var again = await workers.ClusterAsync(file, 2, 1);

        Assert.Equal(0, workers.BytesShipped);
        Assert.Equal(TestWorkers.Alone(file), TestWorkers.Greedy(again));
    }

    [Fact]
    public async Task A_finer_cut_is_taken_from_the_slices_of_a_coarser_one()
    {
        await using var workers = new TestWorkers();
        await workers.AddAsync(1, cache: workers.Folder);
        using var file = ModelFiles.Open(TestWorkers.ModelPath);
        await workers.ShipAsync(file, 1);
        await workers.AddAsync(1, cache: workers.Folder);

        using var cluster = await workers.ClusterAsync(file, 2, 1);

        Assert.Equal(0, workers.BytesShipped);
        Assert.Equal(TestWorkers.Alone(file), TestWorkers.Greedy(cluster));
    }

    [Fact]
    public async Task Two_workers_may_share_a_cache()
    {
        await using var workers = new TestWorkers();
        await workers.AddAsync(3, cache: workers.Folder);
        using var file = ModelFiles.Open(TestWorkers.ModelPath);

        using var cluster = await workers.ClusterAsync(file, 3, 1);

        Assert.Equal(TestWorkers.Alone(file), TestWorkers.Greedy(cluster));
        Assert.Empty(Directory.GetFiles(workers.Folder, "*.part", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_damaged_slice_is_found_and_only_that_one_is_sent_again()
    {
        await using var workers = new TestWorkers();
        await workers.AddAsync(2);
        using var file = ModelFiles.Open(TestWorkers.ModelPath);
        await workers.ShipAsync(file, 2);
        var victim = workers.Slices(1).MaxBy(slice => new FileInfo(slice).Length)!;
        Flip(victim, 1000);

        using var cluster = await workers.ClusterAsync(file, 2, 1);

        Assert.Equal(new FileInfo(victim).Length - 128, workers.BytesShipped);
        Assert.Equal(TestWorkers.Alone(file), TestWorkers.Greedy(cluster));
    }

    [Theory, InlineData(0), InlineData(9), InlineData(40), InlineData(70)]
    public async Task A_slice_of_another_model_or_cut_is_not_taken_for_one(int damagedByte)
    {
        await using var workers = new TestWorkers();
        await workers.AddAsync(1);
        using var file = ModelFiles.Open(TestWorkers.ModelPath);
        await workers.ShipAsync(file, 1);
        Flip(workers.Slices(0)[0], damagedByte);

        using var cluster = await workers.ClusterAsync(file, 1, 1);

        Assert.True(workers.BytesShipped > 0);
        Assert.Equal(TestWorkers.Alone(file), TestWorkers.Greedy(cluster));
    }

    [Fact]
    public async Task A_half_written_slice_never_counts_and_is_gone_on_from()
    {
        await using var workers = new TestWorkers();
        await workers.AddAsync(1);
        using var file = ModelFiles.Open(TestWorkers.ModelPath);
        await workers.ShipAsync(file, 1);
        var victim = workers.Slices(0).MaxBy(slice => new FileInfo(slice).Length)!;
        var all = new FileInfo(victim).Length - 128;
        File.Move(victim, victim + ".part");
        await using (var half = File.OpenWrite(victim + ".part")) half.SetLength(128 + (all / 2) + 3);

        using var cluster = await workers.ClusterAsync(file, 1, 1);

        Assert.InRange(workers.BytesShipped, all / 2, (all / 2) + 70_000);
        Assert.Equal(TestWorkers.Alone(file), TestWorkers.Greedy(cluster));
    }

    [Fact]
    public async Task A_half_that_was_damaged_is_sent_again_from_its_beginning()
    {
        await using var workers = new TestWorkers();
        await workers.AddAsync(1);
        using var file = ModelFiles.Open(TestWorkers.ModelPath);
        await workers.ShipAsync(file, 1);
        var victim = workers.Slices(0).MaxBy(slice => new FileInfo(slice).Length)!;
        File.Move(victim, victim + ".part");
        await using (var half = File.OpenWrite(victim + ".part")) half.SetLength(half.Length / 2);
        Flip(victim + ".part", 1000);

        using var cluster = await workers.ClusterAsync(file, 1, 1);

        Assert.Equal(TestWorkers.Alone(file), TestWorkers.Greedy(cluster));
    }

    [Fact]
    public async Task A_worker_with_the_model_sends_it_to_one_without()
    {
        await using var workers = new TestWorkers();
        await workers.AddAsync(1, model: TestWorkers.ModelPath);
        await workers.AddAsync(1);
        using var file = ModelFiles.Open(TestWorkers.ModelPath);

        using var cluster = await workers.ClusterAsync(file, 2, 1);

        Assert.Equal(0, workers.BytesShipped);
        Assert.Contains(workers.Log, line => line.StartsWith("Fetching", StringComparison.Ordinal));
        Assert.NotEmpty(workers.Slices(1));
        Assert.Equal(TestWorkers.Alone(file), TestWorkers.Greedy(cluster));
    }

    [Fact]
    public async Task A_quota_that_is_too_small_is_said_with_its_numbers()
    {
        await using var workers = new TestWorkers();
        await workers.AddAsync(1, cacheMax: 1 << 20);
        using var file = ModelFiles.Open(TestWorkers.ModelPath);

        var refused = await Assert.ThrowsAsync<ClusterException>(() => workers.ClusterAsync(file, 1, 1));

        Assert.Contains("may hold 1 MiB; raise --cache-max", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, workers.BytesShipped);
    }

    [Fact]
    public async Task What_was_not_used_longest_makes_room()
    {
        await using var workers = new TestWorkers();
        using var file = ModelFiles.Open(TestWorkers.ModelPath);
        var bytes = ModelFiles.WeightBytes(file);
        await workers.AddAsync(1, cacheMax: bytes + (1 << 20));
        var old = Path.Combine(workers.CacheOf(0), "0123", "old.slice");
        Directory.CreateDirectory(Path.GetDirectoryName(old)!);
        await File.WriteAllBytesAsync(old, new byte[2 << 20], TestContext.Current.CancellationToken);

        using var cluster = await workers.ClusterAsync(file, 1, 1);

        Assert.False(File.Exists(old));
        Assert.InRange(workers.Slices(0).Sum(slice => new FileInfo(slice).Length), bytes, bytes + (1 << 20));
    }

    [Fact]
    public async Task Shipping_goes_on_after_the_connection_was_cut()
    {
        await using var workers = new TestWorkers();
        await workers.AddAsync(1);
        using var file = ModelFiles.Open(TestWorkers.ModelPath);
        using var cut = new CuttingProxy(workers.All[0].EndPoint, cutAfter: ModelFiles.WeightBytes(file) / 3);
        workers.LastAddress = cut.EndPoint.ToString();

        using var cluster = await workers.ClusterAsync(file, 1, 1);

        Assert.True(cut.Cuts > 0);
        // What was on its way is sent twice, what had arrived is not.
        Assert.InRange(workers.BytesShipped, ModelFiles.WeightBytes(file) * 0.99, ModelFiles.WeightBytes(file) * 1.5);
        Assert.Equal(TestWorkers.Alone(file), TestWorkers.Greedy(cluster));
    }

    private static void Flip(string path, int at)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[at] ^= 0x10;
        File.WriteAllBytes(path, bytes);
    }
}

/// <summary>Passes connections on, and cuts the first after so many bytes.</summary>
internal sealed class CuttingProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _to;
    private long _left;
    private int _cuts;

    public CuttingProxy(IPEndPoint to, long cutAfter)
    {
        (_to, _left) = (to, cutAfter);
        _listener.Start();
        _ = AcceptAsync();
    }

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    public int Cuts => _cuts;

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient from)
    {
        using (from)
        using (var to = new TcpClient())
        {
            await to.ConnectAsync(_to);
            await Task.WhenAny(PassAsync(from, to, counts: true), PassAsync(to, from, counts: false));
        }
    }

    private async Task PassAsync(TcpClient from, TcpClient to, bool counts)
    {
        var buffer = new byte[16 << 10];
        try
        {
            for (int count; (count = await from.GetStream().ReadAsync(buffer)) > 0;)
            {
                await to.GetStream().WriteAsync(buffer.AsMemory(0, count));
                if (counts && Interlocked.Add(ref _left, -count) is <= 0 and > -(16 << 10)
                    && Interlocked.Increment(ref _cuts) == 1) return;
            }
        }
        catch (IOException)
        {
            // The other direction was cut.
        }
    }
}
