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
    private readonly MicroBatches? _parts;
    private readonly CutChoice? _choice;
    private readonly int[] _largest;
    private int _largestCount;
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
        _embedding = new(options.Ranks, _table, _slice.Embedding, Config.VocabularySize, Limits.Tokens);
        _kv = new KvLayer?[_slice.Layers.Count];
        _blocks = new IDecoderBlock[_slice.Layers.Count];
        for (var i = 0; i < _blocks.Length; i++)
        {
            _kv[i] = kv.KvHeads > 0 ? on.AllocateKv(kv) : null;
            var layer = _slice.Layers.Start.Value + i;
            _blocks[i] = architecture.Block(new(layer, Config, _slice, _kv[i], weights));
        }
        if (_slice.IsLastStage(Config)) _outputNorm = weights.Vector("output_norm", Config.Width);
        _head = LoadHead(weights);
        Memory = Account(kv with { Blocks = 1 });
        _largest = new int[Limits.LogitRows];
        var isAlone = options.Ranks.Size == 1 && _slice.IsFirstStage && _slice.IsLastStage(Config);
        if (!isAlone || on.Cores(Memory.DecodeBytes) is not { Count: > 1 } cores) return;
        _parts = new(cores, Config, Limits);
        _choice = new(_parts.TokensMax, options.Time);
        Memory = Memory with { ScratchBytes = Memory.ScratchBytes + _parts.Bytes };
    }

    /// <summary>What <see cref="ModelMemory.ScratchBytes"/> of a whole model will be.</summary>
    /// <param name="config">The model.</param>
    /// <param name="limits">The largest step.</param>
    /// <param name="cores">Cores that may take a part of a step each, as <see cref="IBackend.Cores"/> tells; one or
    /// none where none is cut.</param>
    public static long ScratchBytes(ModelConfig config, StepLimits limits, int cores) =>
        Scratch.BytesOf(config, limits, config.VocabularySize)
        + (cores > 1 ? MicroBatches.BytesOf(cores, config, limits) : 0);

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

    /// <inheritdoc/>
    public ReadOnlySpan<int> Largest => _largest.AsSpan(0, _largestCount);

    /// <summary>The step as it was cut last, one part for each core; null where none is ever cut.</summary>
    internal MicroBatches? Parts => _parts;

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
        _largestCount = 0;
        if (Probe is not null || _parts is null || _choice is null || !_parts.TryCut(input))
        {
            ForwardWhole(input, logits);
            return;
        }
        var attempt = _choice.Begin(input.TokenCount);
        if (attempt.IsCut) ForwardInParts(_parts, input, logits);
        else ForwardWhole(input, logits);
        _choice.End(attempt);
    }

    private void ForwardWhole(ForwardInput input, Span<float> logits) =>
        Forward(Prepared(new Step(input, _on, _scratch)), logits);

    private void ForwardInParts(MicroBatches parts, ForwardInput input, Span<float> logits)
    {
        // Before the cores begin, because the table of positions grows as they are used.
        for (var part = 0; part < parts.Count; part++) Prepared(parts[part]);
        _on.OnCores(new PartsJob(this, parts, logits, input.WantsLargest));
        if (input.WantsLargest) _largestCount = input.LogitCount;
    }

    private Step Prepared(Step step)
    {
        _rotary.Fill(step.On.Host(step.Rotations), step.Input);
        return step;
    }

    private void Forward(in Step step, Span<float> logits)
    {
        var x = step.Hidden;                                                    // [T, D]
        if (_slice.IsFirstStage) _embedding.Forward(x, step.Input.Tokens, step.On);
        for (var i = 0; i < _blocks.Length; i++)
        {
            Probe?.Invoke(_slice.Layers.Start.Value + i, step.On.Host(x));
            _blocks[i].Forward(x, step);
        }
        if (_outputNorm is not { } norm) return;
        if (Probe is not null) ShowFinalNorm(x, norm);
        if (_head is not null && step.Input.LogitCount > 0) Head(step, norm, _head, logits);
    }

    private void Head(in Step step, Tensor norm, Matrix head, Span<float> logits)
    {
        var (on, rows) = (step.On, step.Input.LogitCount);
        var last = step.Scratch.Last.Take(rows);                                // [rows, D]
        var normed = step.Scratch.LastNormed.Take(rows);                        // [rows, D]
        var scores = step.Scratch.Logits.Take(rows);                            // [rows, V]

        on.GatherRows(last, step.Hidden, step.Input.LogitRows);
        on.RmsNorm(normed, last, norm, Config.NormEpsilon);
        on.MatMul(scores, normed, head);
        on.Host(scores).CopyTo(logits);
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
        _parts?.Dispose();
    }

    /// <summary>Each core takes its part through all layers; logits of the parts lie one after the other.</summary>
    private readonly ref struct PartsJob(
        Decoder decoder, MicroBatches parts, Span<float> logits, bool wantsLargest) : ICoreJob
    {
        private readonly Span<float> _logits = logits;

        public void Run(int core)
        {
            var first = 0;
            for (var part = 0; part < core; part++) first += parts[part].Input.LogitCount;
            var (rows, columns) = (parts[core].Input.LogitCount, decoder.Config.VocabularySize);
            var mine = _logits.Slice(first * columns, rows * columns);
            decoder.Forward(parts[core], mine);
            if (!wantsLargest) return;

            // While they are in this core's cache.
            for (var row = 0; row < rows; row++)
                decoder._largest[first + row] = Logits.IndexOfLargest(mine.Slice(row * columns, columns));
        }
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

    /// <summary>Clock that tells which way through the layers is the faster one here.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Told the bytes of weights read since the last call, from several threads.</summary>
    public Action<long>? Progress { get; init; }
}
