using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Models.Loading;
using Minka.Models.Tests.Loading;
using Minka.Models.Tests.Loading.Writers;

namespace Minka.Models.Tests.Architectures;

/// <summary>A distributed-llama file computes what the weights that were written into it compute.</summary>
public sealed class DllamaRoundTripTests
{
    private static readonly int[] _prompt = [3, 14, 15, 9, 26, 5, 35, 8, 9, 79, 3, 23, 8, 46, 26, 43, 38];

    [Theory]
    [InlineData("llama", RopePairs.Adjacent)]
    [InlineData("qwen3", RopePairs.Halves)]
    [InlineData("qwen3_moe", RopePairs.Halves)]
    public void A_written_file_gives_the_logits_of_its_weights(string architecture, RopePairs pairs)
    {
        var config = RandomModel.ConfigOf(architecture);
        config = config with { Rope = config.Rope with { Pairs = pairs } };
        if (config.Experts.Count > 0) // The format has no dense layers among them, and always normalises.
            config = config with
            {
                FeedForwardWidth = 0,
                Experts = config.Experts with { IsNormalized = true, DenseLayers = [] },
            };
        using var weights = new RandomModel(config, 11);
        weights.Missing.Clear();
        using var folder = new TemporaryFolder();
        var path = folder.Write("stories.m", Written(weights, config));

        using var file = ModelFiles.Open(path);

        Assert.Equal(Logits(weights), Logits(file));
    }

    private static byte[] Written(RandomModel weights, ModelConfig config)
    {
        var writer = DllamaWriter.For(config, DType.F32);
        foreach (var (name, type, rows, columns) in DllamaWriter.Layout(config, DType.F32))
        {
            Assert.True(weights.TryFind(name, out var source));
            var bytes = new byte[rows * type.RowBytes(columns)];
            source.ReadRows(0, rows, bytes);
            writer.AddWeight(bytes);
        }
        return writer.ToArray();
    }

    private static float[] Logits(IWeightFile file)
    {
        var limits = new StepLimits(_prompt.Length, 1, 1, 2);
        using var backend = new CpuBackend(new() { Threads = 2 });
        using var model = Decoder.Load(file, backend, new() { KvBlocks = 2, Limits = limits });
        var input = new ForwardInput(limits);
        input.AddSequence(_prompt, 0, _prompt.Length, [0, 1], 1);
        var logits = new float[model.Config.VocabularySize];
        model.Forward(input, logits);
        return logits;
    }
}
