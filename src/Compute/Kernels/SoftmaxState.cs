namespace Minka.Compute.Kernels;

/// <summary>What one query's running softmax has seen.</summary>
/// <param name="Maximum">Largest score, as a power of two.</param>
/// <param name="Sum">Sum of the weights relative to it.</param>
internal readonly record struct SoftmaxState(float Maximum, float Sum)
{
    /// <summary>
    /// Nothing seen yet. Finite, so that a tile in which a query may look at nothing leaves it as it is:
    /// infinity minus infinity would not.
    /// </summary>
    public static SoftmaxState Empty => new(-1e30f, 0);
}
