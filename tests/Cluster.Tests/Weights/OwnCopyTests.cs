using Minka.Cluster.Weights;
using Minka.Models.Loading;

namespace Minka.Cluster.Tests.Weights;

/// <summary>A worker's own copy of a model is believed only where it is the root's.</summary>
public sealed class OwnCopyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("minka").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_sound_copy_is_used_and_nothing_is_sent()
    {
        await using var workers = new TestWorkers();
        await workers.AddAsync(1, model: Copy("sound.gguf"));
        using var file = ModelFiles.Open(TestWorkers.ModelPath);

        using var cluster = await workers.ClusterAsync(file, 1, 1);

        Assert.Equal(0, workers.BytesShipped);
        Assert.Equal(TestWorkers.Alone(file), TestWorkers.Greedy(cluster));
    }

    [Fact]
    public async Task A_copy_that_is_damaged_in_its_middle_is_found_out_and_only_that_slice_is_sent()
    {
        await using var workers = new TestWorkers();
        await workers.AddAsync(1, model: Damage(Copy("damaged.gguf")));
        using var file = ModelFiles.Open(TestWorkers.ModelPath);

        using (var cluster = await workers.ClusterAsync(file, 1, 1))
            Assert.Equal(TestWorkers.Alone(file), TestWorkers.Greedy(cluster));

        var sent = Assert.Single(workers.Slices(0));
        Assert.Equal(new FileInfo(sent).Length - SliceFile.HeaderBytes, workers.BytesShipped);
        Assert.Contains(workers.Log, line => line.Contains("damaged.gguf", StringComparison.Ordinal)
            && line.Contains("is not what the root has", StringComparison.Ordinal));

        await workers.AreIdleAsync();
        using var again = await workers.ClusterAsync(file, 1, 1);
        Assert.Equal(0, workers.BytesShipped);
        Assert.Equal(TestWorkers.Alone(file), TestWorkers.Greedy(again));
    }

    [Fact]
    public async Task Damage_does_not_spread_to_a_worker_that_fetches_from_the_copy()
    {
        await using var workers = new TestWorkers();
        await workers.AddAsync(1, model: Damage(Copy("damaged.gguf")));
        await workers.AddAsync(2);
        using var file = ModelFiles.Open(TestWorkers.ModelPath);

        using var cluster = await workers.ClusterAsync(file, 3, 1);

        Assert.Equal(TestWorkers.Alone(file), TestWorkers.Greedy(cluster));
    }

    [Fact]
    public void Sums_of_an_unchanged_file_are_not_made_again()
    {
        var path = Copy("root.gguf");
        var written = File.GetLastWriteTimeUtc(path);
        var first = Sums(path);
        File.SetLastWriteTimeUtc(Damage(path), written);

        var remembered = Sums(path);
        File.SetLastWriteTimeUtc(path, written.AddSeconds(1));
        var anew = Sums(path);

        Assert.Equal(first, remembered);
        Assert.Single(first.Zip(anew), pair => pair.First != pair.Second);
    }

    private List<string> Sums(string path)
    {
        using var file = ModelFiles.Open(path);
        var slices = ModelManifest.Of(file).Weights.Values.Select(WeightSlice.Whole).ToList();
        return [.. new SliceSums(file, new string('a', 64), Path.Combine(_folder, "sums")).Of(slices)
            .Sums.Select(one => one.Sha256.ToBase64())];
    }

    private string Copy(string name)
    {
        var path = Path.Combine(_folder, name);
        File.Copy(TestWorkers.ModelPath, path);
        return path;
    }

    /// <summary>Turns the bits of one byte in the middle of the largest layer's matrix.</summary>
    private static string Damage(string path)
    {
        using var file = File.Open(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = file.Length / 2;
        var value = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)~value);
        return path;
    }
}
