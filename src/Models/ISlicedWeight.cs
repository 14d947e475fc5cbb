using Minka.Compute;

namespace Minka.Models;

/// <summary>A weight of which only some slices are at hand; its size is that of all of it.</summary>
public interface ISlicedWeight : IWeightSource
{
    /// <summary>Some of its rows, fewer than all.</summary>
    /// <exception cref="ModelFormatException">They are not at hand.</exception>
    IWeightSource RowSlice(Range rows);

    /// <summary>Some of its columns, fewer than all, from the edge of a block to the edge of a block.</summary>
    /// <exception cref="ModelFormatException">They are not at hand.</exception>
    IWeightSource ColumnSlice(Range columns);
}
