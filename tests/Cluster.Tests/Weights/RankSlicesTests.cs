using System.Diagnostics.CodeAnalysis;
using Minka.Cluster.Weights;
using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Models;
using Minka.Models.Tests.Architectures;

namespace Minka.Cluster.Tests.Weights;

/// <summary>The list of slices is exactly what loading asks for, whatever the family and the cut.</summary>
public sealed class RankSlicesTests
{
    private static readonly StepLimits Limits = new(16, 1, 1, 4);

    public static TheoryData<string, int, int> Cases()
    {
        var cases = new TheoryData<string, int, int>();
        foreach (var architecture in Models.Architectures.Architectures.All)
            foreach (var (tensor, pipeline) in ((int, int)[])[(1, 1), (2, 1), (4, 1), (8, 1), (1, 3), (2, 2)])
                cases.Add(architecture.Name, tensor, pipeline);
        return cases;
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_rank_loads_from_its_slices_and_leaves_none_over(string architecture, int tensor, int pipeline)
    {
        using var file = new RandomModel(RandomModel.ConfigOf(architecture), 7);
        var all = ModelManifest.Of(file);
        var names = NamesOf(file);
        var manifest = all with { Weights = all.Weights.Where(one => names.Contains(one.Key)).ToDictionary() };
        var replica = SlicingContract.Plan(file, tensor, pipeline, "").Replicas[0];
        for (var rank = 0; rank < tensor * pipeline; rank++)
        {
            var slices = RankSlices.Of(manifest, replica, rank);
            var asked = new Asked(new SlicedModel("slices", manifest, slices.ToDictionary(
                slice => slice, slice => file.TryFind(slice.Of.Name, out var weight) ? slice.From(weight) : null!)));
            using var backend = new CpuBackend(new() { Threads = 1 });
            using var model = Decoder.Load(asked, backend, new()
            {
                KvBlocks = 4, Limits = Limits, Slice = PlannedModel.SliceOf(replica, rank),
            });

            // A rank that holds nothing of a layer is still sent its biases, which weigh nothing.
            Assert.DoesNotContain(slices, slice => !asked.Names.Contains(slice.Of.Name)
                && !slice.Of.Name.EndsWith(".bias", StringComparison.Ordinal));
            Assert.Empty(asked.Names.Except(PlannedModel.NamesOf(file.Config)));
        }
    }

    /// <summary>Weights of the family: the random model has any that is asked for.</summary>
    private static HashSet<string> NamesOf(IWeightFile file)
    {
        var asked = new Asked(file);
        using var backend = new CpuBackend(new() { Threads = 1 });
        using var model = Decoder.Load(asked, backend, new() { KvBlocks = 4, Limits = Limits });
        return asked.Names;
    }

    /// <summary>Remembers which weights it was asked for.</summary>
    private sealed class Asked(IWeightFile file) : IWeightFile
    {
        public HashSet<string> Names { get; } = [];

        public string Path => file.Path;

        public string Format => file.Format;

        public ModelConfig Config => file.Config;

        public IReadOnlyList<StoredTensor> Stored => file.Stored;

        public bool TryFind(string name, [NotNullWhen(true)] out IWeightSource? weight)
        {
            Names.Add(name);
            return file.TryFind(name, out weight);
        }

        public void Dispose()
        {
        }
    }
}
