using Minka.Collectives;
using Minka.Compute;
using Minka.Models.Layers;

namespace Minka.Models;

/// <summary>A decoder: embedding, layers, final norm, head. What a layer is made of, its architecture says.</summary>
public sealed class Decoder : ICausalModel
{
    private readonly IBackend _on;
    private readonly ModelSlice _slice;
    private readonly Scratch _scratch;
    private readonly RotaryPositions _rotary;
    private readonly KvLayer?[] _kv;
    private readonly IDecoderBlock[] _blocks;
    private readonly Matrix? _table, _head;
    private readonly VocabularyEmbedding _embedding;
    private readonly Tensor? _outputNorm;

    private Decoder(IWeightFile file, IBackend on, ModelLoadOptions options)
    {
        (Config, Limits, KvBlocks, _on) = (file.Config, options.Limits, options.KvBlocks, on);
        _slice = options.Slice ?? ModelSlice.Whole(Config);
        _slice.Check(Config);
        var architecture = Architectures.Architectures.Find(Config.Architecture);
        var weights = new WeightLoader(file, on, options.WeightType, options.Progress, options.Ranks);
        var kv = Kv(options.KvType);

        _scratch = new(on, _slice.Of(Config), Limits, _slice.Head.Count);
        _rotary = new(Config.Rope, KvBlocks * KvShape.BlockTokens);
        _table = weights.Matrix("token_embd", Config.VocabularySize, Config.Width, _slice.Embedding);
        _embedding = new(on, options.Ranks, _table, _slice.Embedding, Config.VocabularySize, Limits.Tokens);
        _kv = new KvLayer?[_slice.Layers.Count];
        _blocks = new IDecoderBlock[_slice.Layers.Count];
        for (var i = 0; i < _blocks.Length; i++)
        {
            _kv[i] = kv.KvHeads > 0 ? on.AllocateKv(kv) : null;
            var layer = _slice.Layers.Start.Value + i;
            _blocks[i] = architecture.Block(new(layer, Config, _slice, on, _scratch, _kv[i], weights));
        }
        if (_slice.IsLastStage(Config)) _outputNorm = weights.Vector("output_norm", Config.Width);
        _head = LoadHead(weights);
        Memory = Account(kv with { Blocks = 1 });
    }

    private KvShape Kv(DType type) => new(KvBlocks, _slice.KvHeads.Count, Config.HeadDim, type);

    /// <summary>The head, which may be the embedding.</summary>
    private Matrix? LoadHead(WeightLoader weights)
    {
        var isTied = Config.TiedEmbeddings || !weights.Has("output");
        return isTied && _slice.Head.Equals(_slice.Embedding)
            ? _table
            : weights.Matrix(isTied ? "token_embd" : "output", Config.VocabularySize, Config.Width, _slice.Head);
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
    public Range Vocabulary => _slice.Head;

    /// <inheritdoc/>
    public HiddenProbe? Probe { get; set; }

    /// <summary>Reads and packs the weights of a model.</summary>
    /// <exception cref="ModelFormatException">
    /// A weight is missing, has another shape, or the family is unknown.
    /// </exception>
    public static Decoder Load(IWeightFile file, IBackend on, ModelLoadOptions options) => new(file, on, options);

    /// <inheritdoc/>
    public Span<float> Hidden(int tokens) => _on.Host(_scratch.Hidden.Take(tokens));

    /// <inheritdoc/>
    public void Forward(ForwardInput input, Span<float> logits)
    {
        Check(input, logits.Length);
        var x = _scratch.Hidden.Take(input.TokenCount);                         // [T, D]
        var rotations = _scratch.Rotations.Take(input.TokenCount);              // [T, R]
        var step = new Step(input, rotations);

        _rotary.Fill(_on.Host(rotations), input);
        if (_slice.IsFirstStage) _embedding.Forward(x, input.Tokens);
        for (var i = 0; i < _blocks.Length; i++)
        {
            Probe?.Invoke(_slice.Layers.Start.Value + i, _on.Host(x));
            _blocks[i].Forward(x, step);
        }
        if (_outputNorm is not { } norm) return;
        if (Probe is not null) ShowFinalNorm(x, norm);
        if (_head is not null && input.LogitCount > 0) Head(x, norm, _head, input.LogitRows, logits);
    }

    private void Head(Tensor x, Tensor norm, Matrix head, ReadOnlySpan<int> rows, Span<float> logits)
    {
        var last = _scratch.Last.Take(rows.Length);                             // [rows, D]
        var normed = _scratch.LastNormed.Take(rows.Length);                     // [rows, D]
        var scores = _scratch.Logits.Take(rows.Length);                         // [rows, V]

        _on.GatherRows(last, x, rows);
        _on.RmsNorm(normed, last, norm, Config.NormEpsilon);
        _on.MatMul(scores, normed, head);
        _on.Host(scores).CopyTo(logits);
    }

    private void ShowFinalNorm(Tensor x, Tensor norm)
    {
        var normed = _scratch.Normed.Take(x.Rows);
        _on.RmsNorm(normed, x, norm, Config.NormEpsilon);
        Probe!(Config.Layers, _on.Host(normed));
    }

    private void Check(ForwardInput input, int logits)
    {
        if (input.TokenCount > Limits.Tokens || input.LogitCount > Limits.LogitRows)
            throw new ArgumentException($"The step has {input.TokenCount} tokens and {input.LogitCount} logit rows; "
                + $"the model was loaded for {Limits.Tokens} and {Limits.LogitRows}.", nameof(input));
        if (logits < (long)input.LogitCount * Vocabulary.Count)
            throw new ArgumentException($"{logits} floats do not hold {input.LogitCount} rows of "
                + $"{Vocabulary.Count} logits.", nameof(logits));
        foreach (var token in input.Tokens)
            if ((uint)token >= (uint)Config.VocabularySize)
                throw new ArgumentException($"Token {token} is outside of the vocabulary of {Config.VocabularySize}.",
                    nameof(input));
    }

    /// <inheritdoc/>
    public void CopyKvBlock(int source, int target)
    {
        foreach (var kv in _kv)
            if (kv is not null) _on.CopyKvBlock(kv, source, target);
    }

    private ModelMemory Account(KvShape kv)
    {
        var (layers, decoded) = (_blocks.Sum(block => block.Bytes), _blocks.Sum(block => block.DecodeBytes));
        var ends = (_table?.Bytes ?? 0) + (_head == _table ? 0 : _head?.Bytes ?? 0);
        var kvBlock = _blocks.Length * kv.BlockBytes;
        return new(ends + layers, decoded + (_head?.Bytes ?? 0), kvBlock, kvBlock * KvBlocks, _scratch.Bytes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var block in _blocks) block.Dispose();
        foreach (var kv in _kv) kv?.Dispose();
        _table?.Dispose();
        if (_head != _table) _head?.Dispose();
        _outputNorm?.Storage.Dispose();
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

    /// <summary>The part that this rank holds; null for all of it.</summary>
    public ModelSlice? Slice { get; init; }

    /// <summary>Ranks that hold the other slices of the same layers; stays the caller's.</summary>
    public ICommunicator Ranks { get; init; } = new SoloCommunicator();

    /// <summary>Told the bytes of weights read since the last call, from several threads.</summary>
    public Action<long>? Progress { get; init; }
}
