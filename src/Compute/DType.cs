namespace Minka.Compute;

/// <summary>How numbers are stored: in a weight file, packed on a device, or in the KV cache.</summary>
/// <remarks>
/// The names are ggml's; block layouts are in <c>docs/formats.md</c> and in one file each under Formats.
/// </remarks>
public enum DType
{
    /// <summary>IEEE single precision.</summary>
    F32,

    /// <summary>IEEE half precision.</summary>
    F16,

    /// <summary>Brain float: the upper half of a single.</summary>
    BF16,

    /// <summary>32 values in 18 bytes: scale and 4-bit values with an offset of 8.</summary>
    Q4_0,

    /// <summary>32 values in 20 bytes: scale, minimum and 4-bit values.</summary>
    Q4_1,

    /// <summary>32 values in 22 bytes: scale and 5-bit values with an offset of 16.</summary>
    Q5_0,

    /// <summary>32 values in 24 bytes: scale, minimum and 5-bit values.</summary>
    Q5_1,

    /// <summary>32 values in 34 bytes: scale and signed 8-bit values.</summary>
    Q8_0,
}

/// <summary>Sizes of the number formats.</summary>
public static class DTypes
{
    /// <summary>Values that share one block; 1 for plain numbers.</summary>
    public static int BlockLength(this DType type) => type is DType.F32 or DType.F16 or DType.BF16 ? 1 : 32;

    /// <summary>Bytes of one block.</summary>
    public static int BlockBytes(this DType type) => type switch
    {
        DType.F32 => 4,
        DType.F16 or DType.BF16 => 2,
        DType.Q4_0 => 18,
        DType.Q4_1 => 20,
        DType.Q5_0 => 22,
        DType.Q5_1 => 24,
        DType.Q8_0 => 34,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No such number format."),
    };

    /// <summary>Bytes of a row of <paramref name="columns"/> values.</summary>
    /// <exception cref="ArgumentException">A row does not hold whole blocks.</exception>
    public static long RowBytes(this DType type, long columns)
    {
        var length = type.BlockLength();
        if (columns % length != 0)
            throw new ArgumentException($"A row of {columns} values does not hold whole {type} blocks of {length}.");
        return checked(columns / length * type.BlockBytes());
    }
}
