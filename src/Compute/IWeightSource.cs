namespace Minka.Compute;

/// <summary>A weight matrix where it lies (a file, a peer), read row by row and never held whole.</summary>
public interface IWeightSource
{
    /// <summary>What it is called in its file, for messages.</summary>
    string Name { get; }

    /// <summary>How the rows are stored.</summary>
    DType Type { get; }

    /// <summary>Outputs of a linear layer; 1 for a vector.</summary>
    int Rows { get; }

    /// <summary>Inputs of a linear layer, contiguous.</summary>
    int Columns { get; }

    /// <summary>
    /// Reads rows <c>[first, first + count)</c> as stored: <c>count * Type.RowBytes(Columns)</c> bytes.
    /// Several threads may read at once.
    /// </summary>
    /// <exception cref="IOException">The file is shorter than it said, or went away.</exception>
    void ReadRows(int first, int count, Span<byte> bytes);
}
