using Minka.Compute;
using Minka.Models;

namespace Minka.Engine.Tests.Fakes;

/// <summary>A model whose logits are a hash of every token it finds in its KV cache.</summary>
/// <remarks>
/// A slot stores the token and the position that were written to it. The logits of a row hash what the row's sequence
/// finds in its blocks, so any block shared, freed or copied by mistake changes what is said, or throws.
/// </remarks>
internal sealed class RecallModel : ICausalModel
{
    private readonly (int Token, int Position)[] _slots;
    private int _steps;

    public RecallModel(StepLimits limits, int kvBlocks, int vocabularySize = 64, int contextLength = 4096)
    {
        Limits = limits;
        KvBlocks = kvBlocks;
        Config = ConfigOf(vocabularySize, contextLength);
        _slots = new (int, int)[kvBlocks * KvShape.BlockTokens];
        Array.Fill(_slots, (-1, -1));
    }

    public ModelConfig Config { get; }

    public StepLimits Limits { get; }

    public int KvBlocks { get; }

    ModelMemory ICausalModel.Memory => new(0, 0, 0, 0, 0);

    public HiddenProbe? Probe { get; set; }

    /// <summary>Called before each step with its number, from 0.</summary>
    public Action<int>? BeforeStep { get; set; }

    /// <summary>Tokens computed by each step.</summary>
    public List<int> StepTokens { get; } = new(100_000);

    /// <summary>Makes the logits sharper: a token leads by this much.</summary>
    public float Lead { get; init; }

    /// <summary>Only so many of the last tokens decide what is said, so that texts repeat; all of them when
    /// 0.</summary>
    public int Memory { get; init; }

    /// <summary>Makes this model differ from one without by as much in each logit.</summary>
    public float Noise { get; init; }

    /// <summary>What leaves the final norm at a position: the token, the position, and one.</summary>
    public const int Width = 3;

    public void Forward(ForwardInput input, Span<float> logits)
    {
        ShowHidden(input);
        BeforeStep?.Invoke(_steps++);
        StepTokens.Add(input.TokenCount);
        for (var row = 0; row < input.TokenCount; row++)
            _slots[input.Slots[row]] = (input.Tokens[row], input.Positions[row]);

        var layout = input.Layout;
        var wanted = 0;
        for (var s = 0; s < input.SequenceCount; s++)
        {
            var blocks = layout.Blocks[layout.BlockStarts[s]..layout.BlockStarts[s + 1]];
            for (; wanted < input.LogitCount && input.LogitRows[wanted] < input.RowStarts[s + 1]; wanted++)
            {
                var hash = Recall(blocks, input.Positions[input.LogitRows[wanted]]);
                Fill(logits.Slice(wanted * Config.VocabularySize, Config.VocabularySize), hash);
            }
        }
    }

    private void ShowHidden(ForwardInput input)
    {
        if (Probe is null) return;
        var hidden = new float[input.TokenCount * Width];
        for (var row = 0; row < input.TokenCount; row++)
            (hidden[Width * row], hidden[Width * row + 1], hidden[Width * row + 2]) =
                (input.Tokens[row], input.Positions[row], 1);
        // A layer's input is not what an embedding is made of.
        Probe(0, new float[hidden.Length]);
        Probe(Config.Layers, hidden);
    }

    public void CopyKvBlock(int source, int target) =>
        _slots.AsSpan(source * KvShape.BlockTokens, KvShape.BlockTokens)
            .CopyTo(_slots.AsSpan(target * KvShape.BlockTokens));

    public void Dispose() => GC.SuppressFinalize(this);

    /// <summary>What the model says greedily after these tokens, without any cache.</summary>
    public int[] Greedy(ReadOnlySpan<int> prompt, int count)
    {
        var tokens = prompt.ToArray().ToList();
        var logits = new float[Config.VocabularySize];
        for (var i = 0; i < count; i++)
        {
            Fill(logits, HashOf(tokens));
            tokens.Add(logits.AsSpan().IndexOf(logits.Max()));
        }
        return [.. tokens.Skip(prompt.Length)];
    }

    /// <summary>The logits after these tokens, without any cache.</summary>
    public float[] LogitsAfter(IEnumerable<int> tokens)
    {
        var logits = new float[Config.VocabularySize];
        Fill(logits, HashOf([.. tokens]));
        return logits;
    }

    private const ulong Start = 0x9E3779B97F4A7C15;

    private static ulong Next(ulong hash, int token) => Mix(hash ^ (uint)token);

    private ulong HashOf(List<int> tokens) => tokens.Skip(Forgotten(tokens.Count)).Aggregate(Start, Next);

    /// <summary>Tokens at the beginning that do not matter.</summary>
    private int Forgotten(int count) => Memory == 0 ? 0 : Math.Max(0, count - Memory);

    private ulong Recall(ReadOnlySpan<int> blocks, int last)
    {
        var hash = Start;
        for (var position = 0; position <= last; position++)
        {
            var block = blocks[position / KvShape.BlockTokens];
            var (token, written) = _slots[block * KvShape.BlockTokens + position % KvShape.BlockTokens];
            if (written != position)
                throw new InvalidDataException($"Block {block} holds position {written} where {position} belongs.");
            if (position >= Forgotten(last + 1)) hash = Next(hash, token);
        }
        return hash;
    }

    private void Fill(Span<float> logits, ulong hash)
    {
        for (var id = 0; id < logits.Length; id++)
            logits[id] = (Mix(hash + (ulong)id * 0xD1B54A32D192ED03) >> 40) * (8f / (1 << 24));
        logits[(int)(hash % (uint)logits.Length)] += Lead;
        if (Noise == 0) return;
        for (var id = 0; id < logits.Length; id++)
            logits[id] += Noise * (Mix(hash ^ ~(ulong)id) >> 40) / (1 << 24);
    }

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    private static ModelConfig ConfigOf(int vocabularySize, int contextLength) => new()
    {
        Architecture = "recall",
        VocabularySize = vocabularySize,
        Layers = 1,
        Width = Width,
        FeedForwardWidth = 1,
        Heads = 1,
        KvHeads = 1,
        HeadDim = 1,
        ContextLength = contextLength,
        NormEpsilon = 1,
        Rope = new() { Theta = 1, Dimensions = 0, Pairs = RopePairs.Halves },
    };
}
