using System.Diagnostics.CodeAnalysis;
using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Models.Layers;

namespace Minka.Models.Tests.Architectures;

/// <summary>What every family must keep, whatever its layers are made of.</summary>
public sealed class ArchitectureContract
{
    private const int Blocks = 32;
    private static readonly StepLimits Limits = new(64, 4, 64, 64);

    public static TheoryData<string, DType?> Cases()
    {
        var cases = new TheoryData<string, DType?>();
        foreach (var architecture in Models.Architectures.Architectures.All)
        {
            cases.Add(architecture.Name, null);
            cases.Add(architecture.Name, DType.Q8_0);
            cases.Add(architecture.Name, DType.Q4_0);
        }
        return cases;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Chunks_neighbours_and_scattered_blocks_change_no_bit(string architecture, DType? type)
    {
        using var model = new LoadedModel(architecture, type, threads: 2);
        int[] a = Tokens(41, 1), b = Tokens(23, 2), c = Tokens(9, 3);
        var alone = model.Run((a, 0, [0, 1, 2]));

        model.Run((a.AsSpan(0, 17).ToArray(), 0, [9, 4, 30]));
        var together = model.Run((b, 0, [5, 6]), (a.AsSpan(17).ToArray(), 17, [9, 4, 30]), (c, 0, [7]));

        Assert.Equal(alone[0], together[1]);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Threads_change_no_bit(string architecture, DType? type)
    {
        using var one = new LoadedModel(architecture, type, threads: 1);
        using var three = new LoadedModel(architecture, type, threads: 3);
        var tokens = Tokens(50, 4);

        Assert.Equal(one.Run((tokens, 0, [0, 1, 2, 3]))[0], three.Run((tokens, 0, [0, 1, 2, 3]))[0]);
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_part_of_a_step_for_each_core_changes_no_bit(string architecture, DType? type)
    {
        using var one = new LoadedModel(architecture, type, threads: 1);
        using var two = new LoadedModel(architecture, type, threads: 2);
        (int[], int, int[])[] step =
            [(Tokens(3, 7), 0, [0]), (Tokens(2, 8), 0, [1]), (Tokens(2, 9), 0, [2]), (Tokens(4, 10), 0, [3])];
        var expected = one.Run(step);

        var together = two.Run(step);
        Assert.Empty(two.Model.Largest.ToArray());
        Assert.NotNull(two.Model.Parts);
        var wasCut = Enumerable.Range(0, two.Model.Parts.Count).Select(two.IsComputed).ToArray();
        for (var i = 1; i < CutChoice.Run; i++) two.Run(step);
        var inParts = two.Run(step);

        Assert.Null(one.Model.Parts);
        Assert.All(wasCut, Assert.False);
        Assert.All(Enumerable.Range(0, two.Model.Parts.Count), part => Assert.True(two.IsComputed(part)));
        Assert.Equal(expected, together);
        Assert.Equal(expected, inParts);
        Assert.Equal(inParts.Select(row => Array.IndexOf(row, row.Max())), two.Model.Largest.ToArray());
    }

    [Theory, MemberData(nameof(Cases))]
    public void Its_activations_take_what_was_said_before_it_was_loaded(string architecture, DType? type)
    {
        using var one = new LoadedModel(architecture, type, threads: 1);
        using var three = new LoadedModel(architecture, type, threads: 3);
        var config = one.Model.Config;

        Assert.Equal(Decoder.ScratchBytes(config, Limits, cores: 0), one.Model.Memory.ScratchBytes);
        Assert.Equal(Decoder.ScratchBytes(config, Limits, cores: 3), three.Model.Memory.ScratchBytes);
        Assert.True(three.Model.Memory.ScratchBytes > one.Model.Memory.ScratchBytes);
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_copied_block_serves_as_the_original(string architecture, DType? type)
    {
        using var model = new LoadedModel(architecture, type, threads: 2);
        var tokens = Tokens(20, 5);
        model.Run((tokens.AsSpan(0, 18).ToArray(), 0, [3, 8]));
        var original = model.Run((tokens.AsSpan(18).ToArray(), 18, [3, 8]))[0];

        model.Model.CopyKvBlock(8, 11);
        var copied = model.Run((tokens.AsSpan(18).ToArray(), 18, [3, 11]))[0];

        Assert.Equal(original, copied);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Later_tokens_do_not_reach_back(string architecture, DType? type)
    {
        using var model = new LoadedModel(architecture, type, threads: 2);
        var tokens = Tokens(30, 6);
        var first = model.RunAll(tokens);
        tokens[29] = (tokens[29] + 1) % 83;

        var second = model.RunAll(tokens);

        Assert.Equal(first.AsSpan(0, 29 * 83), second.AsSpan(0, 29 * 83));
        Assert.False(first.AsSpan(29 * 83).SequenceEqual(second.AsSpan(29 * 83)));
    }

    [Fact]
    public void A_missing_weight_is_named()
    {
        using var file = new RandomModel(RandomModel.ConfigOf("llama"), 1);
        file.Missing.Add("blk.1.ffn_up.weight");

        var exception = Assert.Throws<ModelFormatException>(() => LoadedModel.Load(file, 1, null));

        Assert.Contains("'blk.1.ffn_up.weight'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_weight_of_another_shape_is_named_with_both_shapes()
    {
        var config = RandomModel.ConfigOf("llama");
        using var file = new RandomModel(config, 1);
        using var lying = new Relabelled(file, config with { FeedForwardWidth = 128 });

        var exception = Assert.Throws<ModelFormatException>(() => LoadedModel.Load(lying, 1, null));

        Assert.Contains("is [96, 64]", exception.Message, StringComparison.Ordinal);
        Assert.Contains("makes it [128, 64]", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_outside_of_the_vocabulary_is_refused()
    {
        using var model = new LoadedModel("llama", null, threads: 1);

        var exception = Assert.Throws<ArgumentException>(() => model.Run(([83], 0, [0])));

        Assert.Contains("Token 83 is outside of the vocabulary of 83", exception.Message, StringComparison.Ordinal);
    }

    private static int[] Tokens(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(83))];
    }

    private sealed class LoadedModel : IDisposable
    {
        private readonly RandomModel _file;
        private readonly CpuBackend _backend;
        private readonly ForwardInput _input = new(Limits);

        public LoadedModel(string architecture, DType? type, int threads)
        {
            _file = new(RandomModel.ConfigOf(architecture), 7);
            (_backend, Model) = Load(_file, threads, type);
        }

        public Decoder Model { get; }

        public static (CpuBackend Backend, Decoder Model) Load(IWeightFile file, int threads, DType? type)
        {
            var backend = new CpuBackend(new() { Threads = threads });
            try
            {
                var options = new ModelLoadOptions { KvBlocks = Blocks, Limits = Limits, WeightType = type };
                return (backend, Decoder.Load(file, backend, options));
            }
            catch
            {
                backend.Dispose();
                throw;
            }
        }

        /// <summary>Last logits of each sequence.</summary>
        public float[][] Run(params (int[] Tokens, int Start, int[] Blocks)[] sequences)
        {
            _input.Clear();
            _input.WantsLargest = true;
            foreach (var (tokens, start, blocks) in sequences)
                _input.AddSequence(tokens, start, start + tokens.Length, blocks, 1);
            var logits = new float[sequences.Length * 83];
            Model.Forward(_input, logits);
            return [.. logits.Chunk(83)];
        }

        /// <summary>Whether a core has ever written what leaves the last layer of its part.</summary>
        public bool IsComputed(int part) =>
            _backend.Host(Model.Parts![part].Hidden).IndexOfAnyExcept(0f) >= 0;

        /// <summary>Logits of every token.</summary>
        public float[] RunAll(int[] tokens)
        {
            _input.Clear();
            _input.AddSequence(tokens, 0, tokens.Length, [0, 1, 2, 3], tokens.Length);
            var logits = new float[tokens.Length * 83];
            Model.Forward(_input, logits);
            return logits;
        }

        public void Dispose()
        {
            Model.Dispose();
            _backend.Dispose();
            _file.Dispose();
        }
    }

    /// <summary>A file whose configuration does not fit its weights.</summary>
    private sealed class Relabelled(RandomModel file, ModelConfig config) : IWeightFile
    {
        public string Path => file.Path;

        public string Format => file.Format;

        public ModelConfig Config => config;

        public IReadOnlyList<StoredTensor> Stored => [];

        public bool TryFind(string name, [NotNullWhen(true)] out IWeightSource? weight) =>
            file.TryFind(name, out weight);

        public void Dispose() { }
    }
}
