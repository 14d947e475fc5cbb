using Minka.Compute;

namespace Minka.Models.Loading;

/// <summary>Rows of a weight that lie one after the other in a file.</summary>
internal sealed class FileWeightSource : IWeightSource
{
    private readonly FileBytes _file;
    private readonly long _offset;
    private readonly long _rowBytes;

    private FileWeightSource(string name, DType type, int rows, int columns, FileBytes file, long offset)
    {
        (Name, Type, Rows, Columns) = (name, type, rows, columns);
        (_file, _offset, _rowBytes) = (file, offset, type.RowBytes(columns));
    }

    public string Name { get; }

    public DType Type { get; }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>A tensor of any rank as a matrix: all dimensions but the last are rows.</summary>
    /// <param name="name">Name in the file.</param>
    /// <param name="type">How it is stored; its rows are known to hold whole blocks.</param>
    /// <param name="shape">Slowest dimension first; the product is known to fit 63 bits.</param>
    /// <param name="file">Known to hold all of it.</param>
    /// <param name="offset">Its first byte.</param>
    public static FileWeightSource Create(
        string name, DType type, IReadOnlyList<long> shape, FileBytes file, long offset)
    {
        var columns = shape.Count == 0 ? 1 : shape[^1];
        var rows = 1L;
        for (var i = 0; i < shape.Count - 1; i++) rows *= shape[i];

        if (rows is < 1 or > int.MaxValue || columns is < 1 or > int.MaxValue)
            throw new ModelFormatException($"Tensor '{name}' of '{file.Path}' has {rows} rows of {columns} values; "
                + $"a weight has 1 to {int.MaxValue} of each.");
        return new FileWeightSource(name, type, (int)rows, (int)columns, file, offset);
    }

    /// <summary>A vector as floats, for the few that configure a model.</summary>
    public float[] ReadFloats()
    {
        if (Type != DType.F32)
            throw new ModelFormatException($"Tensor '{Name}' of '{_file.Path}' is stored as {Type}; F32 is needed.");
        var values = new float[checked(Rows * Columns)];
        ReadRows(0, Rows, System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    public void ReadRows(int first, int count, Span<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)first + count, Rows);
        if (bytes.Length != count * _rowBytes)
            throw new ArgumentException($"{count} rows of '{Name}' are {count * _rowBytes} bytes; "
                + $"room for {bytes.Length} was given.", nameof(bytes));

        _file.Read(_offset + first * _rowBytes, bytes);
    }
}
