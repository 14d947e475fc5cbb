using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary>Rows of floats in native memory: a tensor as kernels see it.</summary>
/// <param name="data">First float of row 0.</param>
/// <param name="stride">Floats from one row to the next.</param>
/// <param name="columns">Floats of a row.</param>
internal readonly unsafe struct FloatRows(float* data, int stride, int columns)
{
    /// <summary>Floats of a row.</summary>
    public int Columns { get; } = columns;

    /// <summary>First float of a row.</summary>
    public float* this[int row]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => data + (long)row * stride;
    }

    /// <summary>A row as a span.</summary>
    public Span<float> Span(int row) => new(this[row], Columns);
}
