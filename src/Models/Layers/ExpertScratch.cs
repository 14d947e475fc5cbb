using Minka.Compute;

namespace Minka.Models.Layers;

/// <summary>What sparse layers work on, sized once for the largest step; of a dense model nothing.</summary>
/// <remarks>T tokens, n tokens of all experts of a group, D model width, E experts, F width of one.</remarks>
internal sealed class ExpertScratch : IDisposable
{
    /// <summary>A step of few tokens has room for all of them with all their experts.</summary>
    private const int RowsMin = 64;

    private readonly TensorStorage[] _all;

    /// <param name="on">Device.</param>
    /// <param name="config">The model.</param>
    /// <param name="tokensMax">Tokens of the largest step.</param>
    public ExpertScratch(IBackend on, ModelConfig config, int tokensMax)
    {
        _all = [.. Shapes(config, tokensMax).Select(shape => on.Allocate(shape.Rows, shape.Columns))];
        Groups = new(config.Experts.Count, config.Experts.Active, config.Experts.Count > 0 ? tokensMax : 0);
    }

    /// <summary>What <see cref="Bytes"/> of such a scratch will be.</summary>
    public static long BytesOf(ModelConfig config, int tokensMax) =>
        Shapes(config, tokensMax).Sum(shape => 4L * shape.Rows * shape.Columns);

    private static (int Rows, int Columns)[] Shapes(ModelConfig config, int tokensMax)
    {
        var experts = config.Experts;
        var tokens = experts.Count > 0 ? tokensMax : 0;
        var rows = Math.Max(tokens, Math.Min(tokens * experts.Active, RowsMin));
        return
        [
            (tokens, experts.Count),
            (rows, config.Width),
            (rows, 2 * experts.Width),
            (rows, experts.Width),
            (rows, config.Width),
        ];
    }

    /// <summary>Which tokens go to which expert.</summary>
    public ExpertGroups Groups { get; }

    /// <summary>The router's scores, <c>[T, E]</c>.</summary>
    public Tensor Scores => _all[0].All;

    /// <summary>Tokens of some experts, <c>[n, D]</c>.</summary>
    public Tensor In => _all[1].All;

    /// <summary>Gate and up projections of some experts, <c>[n, 2F]</c>.</summary>
    public Tensor GateUp => _all[2].All;

    /// <summary>Hidden of some experts, <c>[n, F]</c>.</summary>
    public Tensor Inner => _all[3].All;

    /// <summary>Outputs of some experts, <c>[n, D]</c>.</summary>
    public Tensor Out => _all[4].All;

    /// <summary>Memory of all of it.</summary>
    public long Bytes => _all.Sum(storage => 4L * storage.Rows * storage.Columns);

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_all, storage => storage.Dispose());
}
