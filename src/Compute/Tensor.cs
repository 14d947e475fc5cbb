namespace Minka.Compute;

/// <summary>Activations of one step: <c>[Rows, Columns]</c> floats, row-major, in device memory.</summary>
/// <remarks>
/// A view: taking rows or columns copies nothing. Rows are tokens unless said otherwise. Scratch is allocated once
/// for the largest step; each step works on <c>scratch.Take(tokens)</c>.
/// </remarks>
/// <param name="Storage">Device memory, owned by whoever allocated it.</param>
/// <param name="Rows">Rows of this view, counted from the storage's first.</param>
/// <param name="FirstColumn">Where the view starts in a row.</param>
/// <param name="Columns">Columns of this view.</param>
public readonly record struct Tensor(TensorStorage Storage, int Rows, int FirstColumn, int Columns)
{
    /// <summary>The first <paramref name="rows"/> rows.</summary>
    public Tensor Take(int rows)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, Storage.Rows);
        return this with { Rows = rows };
    }

    /// <summary>Columns <c>[first, first + count)</c> of this view.</summary>
    public Tensor Slice(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + count, Columns);
        return this with { FirstColumn = FirstColumn + first, Columns = count };
    }
}

/// <summary>Device memory for activations. Each backend derives its own.</summary>
public abstract class TensorStorage(int rows, int columns) : IDisposable
{
    /// <summary>Rows allocated.</summary>
    public int Rows { get; } = rows;

    /// <summary>Floats per row.</summary>
    public int Columns { get; } = columns;

    /// <summary>The whole storage as a tensor.</summary>
    public Tensor All => new(this, Rows, 0, Columns);

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>Weights of a linear layer (or an embedding table) as a device wants them: <c>[Rows, Columns]</c>.</summary>
public abstract class Matrix(int rows, int columns) : IDisposable
{
    /// <summary>Outputs.</summary>
    public int Rows { get; } = rows;

    /// <summary>Inputs.</summary>
    public int Columns { get; } = columns;

    /// <summary>Device memory held, in bytes. Decoding one token reads all of it once.</summary>
    public abstract long Bytes { get; }

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>Keys and values of one layer, paged in blocks of <see cref="KvShape.BlockTokens"/> positions.</summary>
public abstract class KvLayer(KvShape shape) : IDisposable
{
    /// <summary>What it holds.</summary>
    public KvShape Shape { get; } = shape;

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>Size of one layer's KV cache.</summary>
/// <param name="Blocks">Blocks of <see cref="BlockTokens"/> positions.</param>
/// <param name="KvHeads">Key-value heads, K.</param>
/// <param name="HeadDim">Width of a head, C.</param>
/// <param name="Type">How keys and values are stored: F32, F16 or Q8_0.</param>
public readonly record struct KvShape(int Blocks, int KvHeads, int HeadDim, DType Type)
{
    /// <summary>Positions per block.</summary>
    public const int BlockTokens = 16;

    /// <summary>Bytes of one block of one layer, keys and values together.</summary>
    public long BlockBytes => 2L * BlockTokens * KvHeads * Type.RowBytes(HeadDim);
}
