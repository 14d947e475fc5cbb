using Minka.Compute;

namespace Minka.Models.Layers;

/// <summary><c>down(silu(gate x) * up x)</c> (Shazeer 2020).</summary>
/// <remarks>T tokens, D model width, F this rank's feed-forward width.</remarks>
internal sealed class GatedFeedForward : IFeedForward
{
    /// <summary>Gate and up projections, <c>[2F, D]</c>; null on a rank that holds no columns.</summary>
    public required ColumnParallelLinear? GateUp { get; init; }

    /// <summary>Down projection, <c>[D, F]</c>.</summary>
    public required RowParallelLinear Down { get; init; }

    /// <inheritdoc/>
    public long Bytes => (GateUp?.Bytes ?? 0) + Down.Bytes;

    /// <inheritdoc/>
    public long DecodeBytes => Bytes;

    /// <inheritdoc/>
    public void Forward(Tensor y, Tensor x, in Step step)
    {
        var gateUp = step.Scratch.GateUp.Take(x.Rows);
        var inner = step.Scratch.Inner.Take(x.Rows);

        if (GateUp is not null)
        {
            GateUp.Forward(gateUp, x, step.On); // [T, 2F]
            step.On.SwiGlu(inner, gateUp);      // [T, F]
        }
        Down.Forward(y, inner, step.On);        // [T, D]
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        GateUp?.Dispose();
        Down.Dispose();
    }
}
