using Minka.Compute;

namespace Minka.Models.Layers;

/// <summary>Activations that every layer and every step reuse, sized once for the largest step.</summary>
/// <remarks>T tokens, D model width, H and K query and key-value heads, C head width, F feed-forward width.</remarks>
internal sealed class Scratch : IDisposable
{
    private readonly TensorStorage[] _all;

    /// <param name="on">Device.</param>
    /// <param name="config">The model as this rank's layers see it.</param>
    /// <param name="limits">The largest step.</param>
    /// <param name="logits">Rows of the head that this rank holds.</param>
    public Scratch(IBackend on, ModelConfig config, StepLimits limits, int logits)
    {
        _all = [.. Shapes(config, limits, logits).Select(shape => on.Allocate(shape.Rows, shape.Columns))];
        Experts = new(on, config, limits.Tokens);
    }

    /// <summary>What <see cref="Bytes"/> of such a scratch will be.</summary>
    public static long BytesOf(ModelConfig config, StepLimits limits, int logits) =>
        Shapes(config, limits, logits).Sum(shape => 4L * shape.Rows * shape.Columns)
        + ExpertScratch.BytesOf(config, limits.Tokens);

    private static (int Rows, int Columns)[] Shapes(ModelConfig config, StepLimits limits, int logits)
    {
        var heads = config.Heads * config.HeadDim;
        var keys = config.KvHeads * config.HeadDim;
        return
        [
            (limits.Tokens, config.Width),
            (limits.Tokens, config.Width),
            (limits.Tokens, config.Width),
            (limits.Tokens, heads + 2 * keys),
            (limits.Tokens, heads),
            (limits.Tokens, 2 * config.FeedForwardWidth),
            (limits.Tokens, config.FeedForwardWidth),
            (limits.Tokens, config.Rope.Dimensions),
            (limits.LogitRows, config.Width),
            (limits.LogitRows, config.Width),
            (limits.LogitRows, logits),
        ];
    }

    /// <summary>Residual stream, <c>[T, D]</c>.</summary>
    public Tensor Hidden => _all[0].All;

    /// <summary>Normed input of a branch, <c>[T, D]</c>.</summary>
    public Tensor Normed => _all[1].All;

    /// <summary>Output of a branch, <c>[T, D]</c>.</summary>
    public Tensor Delta => _all[2].All;

    /// <summary>Queries, keys and values, <c>[T, (H + 2K)C]</c>.</summary>
    public Tensor Qkv => _all[3].All;

    /// <summary>Attention output, <c>[T, HC]</c>.</summary>
    public Tensor Heads => _all[4].All;

    /// <summary>Gate and up projections, <c>[T, 2F]</c>.</summary>
    public Tensor GateUp => _all[5].All;

    /// <summary>Feed-forward hidden, <c>[T, F]</c>.</summary>
    public Tensor Inner => _all[6].All;

    /// <summary>Cosines and sines of the step's positions, <c>[T, R]</c>.</summary>
    public Tensor Rotations => _all[7].All;

    /// <summary>Rows that want logits, <c>[rows, D]</c>.</summary>
    public Tensor Last => _all[8].All;

    /// <summary>The same after the final norm, <c>[rows, D]</c>.</summary>
    public Tensor LastNormed => _all[9].All;

    /// <summary><c>[rows, V]</c>, where V are this rank's rows of the head.</summary>
    public Tensor Logits => _all[10].All;

    /// <summary>What sparse layers need besides.</summary>
    public ExpertScratch Experts { get; }

    /// <summary>Memory of all of it.</summary>
    public long Bytes => _all.Sum(storage => 4L * storage.Rows * storage.Columns) + Experts.Bytes;

    /// <inheritdoc/>
    public void Dispose()
    {
        Array.ForEach(_all, storage => storage.Dispose());
        Experts.Dispose();
    }
}

/// <summary>One pass through the layers: whose tokens, who computes, and where its activations lie.</summary>
/// <param name="input">Tokens, positions, slots, block tables.</param>
/// <param name="on">Device.</param>
/// <param name="scratch">Room for at least as many tokens.</param>
internal readonly ref struct Step(ForwardInput input, IBackend on, Scratch scratch)
{
    /// <summary>The tokens.</summary>
    public ForwardInput Input => input;

    /// <summary>Tokens in the step.</summary>
    public int Tokens => input.TokenCount;

    /// <summary>Where keys and values go.</summary>
    public ReadOnlySpan<int> Slots => input.Slots;

    /// <summary>Where each sequence's rows and blocks are.</summary>
    public PagedLayout Layout => input.Layout;

    /// <summary>Who computes.</summary>
    public IBackend On => on;

    /// <summary>Activations, which every layer overwrites.</summary>
    public Scratch Scratch => scratch;

    /// <summary>The residual stream, <c>[T, D]</c>.</summary>
    public Tensor Hidden => scratch.Hidden.Take(Tokens);

    /// <summary>Cosines and sines of each token's position, <c>[T, R]</c>.</summary>
    public Tensor Rotations => scratch.Rotations.Take(Tokens);
}
