using Minka.Compute;
using Minka.Models.Layers;

namespace Minka.Models;

/// <summary>A decoder: embedding, layers, final norm, head. What a layer is made of, its architecture says.</summary>
public sealed class Decoder : ICausalModel
{
    private readonly IBackend _on;
    private readonly Scratch _scratch;
    private readonly RotaryPositions _rotary;
    private readonly KvLayer[] _kv;
    private readonly IDecoderBlock[] _blocks;
    private readonly Matrix _embedding;
    private readonly Matrix? _output;
    private readonly Tensor _outputNorm;

    private Decoder(IWeightFile file, IBackend on, ModelLoadOptions options)
    {
        (Config, Limits, KvBlocks, _on) = (file.Config, options.Limits, options.KvBlocks, on);
        var architecture = Architectures.Architectures.Find(Config.Architecture);
        var weights = new WeightLoader(file, on, options.WeightType, options.Progress);
        var tied = Config.TiedEmbeddings || !weights.Has("output");

        _scratch = new(on, Config, Limits);
        _rotary = new(Config.Rope, KvBlocks * KvShape.BlockTokens);
        _embedding = weights.Matrix("token_embd", Config.VocabularySize, Config.Width);
        _kv = new KvLayer[Config.Layers];
        _blocks = new IDecoderBlock[Config.Layers];
        for (var layer = 0; layer < Config.Layers; layer++)
        {
            _kv[layer] = on.AllocateKv(new(KvBlocks, Config.KvHeads, Config.HeadDim, options.KvType));
            _blocks[layer] = architecture.Block(new(layer, Config, on, _scratch, _kv[layer], weights));
        }
        _outputNorm = weights.Vector("output_norm", Config.Width);
        _output = tied ? null : weights.Matrix("output", Config.VocabularySize, Config.Width);
        Memory = Account(options.KvType);
    }

    /// <inheritdoc/>
    public ModelConfig Config { get; }

    /// <inheritdoc/>
    public StepLimits Limits { get; }

    /// <inheritdoc/>
    public int KvBlocks { get; }

    /// <inheritdoc/>
    public ModelMemory Memory { get; }

    /// <inheritdoc/>
    public HiddenProbe? Probe { get; set; }

    /// <summary>Reads and packs the weights of a model.</summary>
    /// <exception cref="ModelFormatException">
    /// A weight is missing, has another shape, or the family is unknown.
    /// </exception>
    public static Decoder Load(IWeightFile file, IBackend on, ModelLoadOptions options) => new(file, on, options);

    /// <inheritdoc/>
    public void Forward(ForwardInput input, Span<float> logits)
    {
        Check(input, logits.Length);
        var x = _scratch.Hidden.Take(input.TokenCount);                         // [T, D]
        var rotations = _scratch.Rotations.Take(input.TokenCount);              // [T, R]
        var step = new Step(input, rotations);

        _rotary.Fill(_on.Host(rotations), input);
        _on.Embed(x, _embedding, input.Tokens);
        for (var layer = 0; layer < _blocks.Length; layer++)
        {
            Probe?.Invoke(layer, _on.Host(x));
            _blocks[layer].Forward(x, step);
        }
        if (Probe is not null) ShowFinalNorm(x);
        if (input.LogitCount > 0) Head(x, input.LogitRows, logits);
    }

    private void Head(Tensor x, ReadOnlySpan<int> rows, Span<float> logits)
    {
        var last = _scratch.Last.Take(rows.Length);                             // [rows, D]
        var normed = _scratch.LastNormed.Take(rows.Length);                     // [rows, D]
        var scores = _scratch.Logits.Take(rows.Length);                         // [rows, V]

        _on.GatherRows(last, x, rows);
        _on.RmsNorm(normed, last, _outputNorm, Config.NormEpsilon);
        _on.MatMul(scores, normed, _output ?? _embedding);
        _on.Host(scores).CopyTo(logits);
    }

    private void ShowFinalNorm(Tensor x)
    {
        var normed = _scratch.Normed.Take(x.Rows);
        _on.RmsNorm(normed, x, _outputNorm, Config.NormEpsilon);
        Probe!(_blocks.Length, _on.Host(normed));
    }

    private void Check(ForwardInput input, int logits)
    {
        if (input.TokenCount > Limits.Tokens || input.LogitCount > Limits.LogitRows)
            throw new ArgumentException($"The step has {input.TokenCount} tokens and {input.LogitCount} logit rows; "
                + $"the model was loaded for {Limits.Tokens} and {Limits.LogitRows}.", nameof(input));
        if (logits < (long)input.LogitCount * Config.VocabularySize)
            throw new ArgumentException($"{logits} floats do not hold {input.LogitCount} rows of "
                + $"{Config.VocabularySize} logits.", nameof(logits));
        foreach (var token in input.Tokens)
            if ((uint)token >= (uint)Config.VocabularySize)
                throw new ArgumentException($"Token {token} is outside of the vocabulary of {Config.VocabularySize}.",
                    nameof(input));
    }

    /// <inheritdoc/>
    public void CopyKvBlock(int source, int target)
    {
        foreach (var kv in _kv) _on.CopyKvBlock(kv, source, target);
    }

    private ModelMemory Account(DType kvType)
    {
        var head = (_output ?? _embedding).Bytes;
        var layers = _blocks.Sum(block => block.Bytes);
        var kvBlock = Config.Layers * new KvShape(1, Config.KvHeads, Config.HeadDim, kvType).BlockBytes;
        return new(_embedding.Bytes + (_output?.Bytes ?? 0) + layers, layers + head, kvBlock, kvBlock * KvBlocks,
            _scratch.Bytes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var block in _blocks) block.Dispose();
        foreach (var kv in _kv) kv.Dispose();
        _embedding.Dispose();
        _output?.Dispose();
        _outputNorm.Storage.Dispose();
        _scratch.Dispose();
    }
}

/// <summary>How a model is held in memory.</summary>
public sealed record ModelLoadOptions
{
    /// <summary>Blocks of the KV cache, of 16 positions each.</summary>
    public required int KvBlocks { get; init; }

    /// <summary>The largest step.</summary>
    public required StepLimits Limits { get; init; }

    /// <summary>How keys and values are stored.</summary>
    public DType KvType { get; init; } = DType.F16;

    /// <summary>Format to hold matrices in; null keeps the file's.</summary>
    public DType? WeightType { get; init; }

    /// <summary>Told the bytes of weights read since the last call, from several threads.</summary>
    public Action<long>? Progress { get; init; }
}
