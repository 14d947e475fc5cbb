using Minka.Models.Tests.Architectures;

namespace Minka.Cluster.Tests.Weights;

/// <summary>Workers without a copy of a mixture are sent their own experts and no others.</summary>
public sealed class ExpertShippingTests
{
    // Experts have 64 rows of down projection; mixtral has 4 in all layers, qwen3_moe 11 in layers 0 and 2.
    [Theory]
    [InlineData("mixtral", 2, "0-128 128-256"), InlineData("mixtral", 3, "0-128 128-192 192-256")]
    [InlineData("qwen3_moe", 2, "0-384 384-704")]
    public async Task A_rank_keeps_its_experts_and_a_second_start_sends_nothing(
        string architecture, int tensor, string rows)
    {
        await using var workers = new TestWorkers();
        await workers.AddAsync(tensor);
        using var file = new RandomModel(RandomModel.ConfigOf(architecture), 7);
        using (var cluster = await workers.ClusterAsync(file, tensor, 1))
            Assert.Equal(TestWorkers.Alone(file), TestWorkers.Greedy(cluster));
        await workers.AreIdleAsync();

        using var again = await workers.ClusterAsync(file, tensor, 1);

        Assert.Equal(0, workers.BytesShipped);
        Assert.Equal(TestWorkers.Alone(file), TestWorkers.Greedy(again));
        foreach (var (worker, range) in rows.Split(' ').Index())
            Assert.Equal([$"blk.2.ffn_down_exps.weight.rows.{range}.slice"],
                workers.Slices(worker).Select(Path.GetFileName).Where(name => name!.Contains("blk.2.ffn_down_exps")));
    }

    [Fact]
    public async Task More_ranks_than_experts_say_the_same()
    {
        await using var workers = new TestWorkers();
        await workers.AddAsync(5);
        using var file = new RandomModel(RandomModel.ConfigOf("mixtral"), 7);

        using var cluster = await workers.ClusterAsync(file, 5, 1);

        Assert.Equal(TestWorkers.Alone(file), TestWorkers.Greedy(cluster));
        Assert.DoesNotContain(workers.Slices(4), slice => slice.Contains("_exps", StringComparison.Ordinal));
        Assert.Contains(workers.Slices(4), slice => slice.Contains("ffn_gate_inp", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Other_shares_are_cut_from_what_a_coarser_cut_left()
    {
        await using var workers = new TestWorkers();
        await workers.AddAsync(1, cache: workers.Folder);
        using var file = new RandomModel(RandomModel.ConfigOf("qwen3_moe"), 7);
        await workers.ShipAsync(file, 1);
        await workers.AddAsync(2, cache: workers.Folder);

        using var cluster = await workers.ClusterAsync(file, 3, 1);

        Assert.Equal(0, workers.BytesShipped);
        Assert.Equal(TestWorkers.Alone(file), TestWorkers.Greedy(cluster));
    }
}
