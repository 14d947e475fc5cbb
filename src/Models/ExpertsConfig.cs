namespace Minka.Models;

/// <summary>A mixture of experts: layers with many feed-forwards, of which each token goes through a few.</summary>
/// <remarks>The shares of a token are a softmax of the router's scores, taken over the chosen or over all.</remarks>
public sealed record ExpertsConfig
{
    /// <summary>No experts: every layer is dense.</summary>
    public static readonly ExpertsConfig None = new();

    /// <summary>Experts of a sparse layer, E; 0 for a dense model.</summary>
    public int Count { get; init; }

    /// <summary>Experts that a token goes to.</summary>
    public int Active { get; init; }

    /// <summary>Feed-forward width of one expert.</summary>
    public int Width { get; init; }

    /// <summary>Shares of a token sum to 1: the softmax is over the chosen and not over all.</summary>
    public bool IsNormalized { get; init; }

    /// <summary>Layers that have a dense feed-forward in place of experts, ascending.</summary>
    public IReadOnlyList<int> DenseLayers { get; init; } = [];

    /// <summary>Whether a layer has experts.</summary>
    public bool IsSparse(int layer) => Count > 0 && !DenseLayers.Contains(layer);
}
