using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Minka.Compute.Formats;

/// <summary>All formats. A new one is a file in this folder and a line in this list.</summary>
internal static class BlockFormats
{
    /// <summary>Every format, in the order of <see cref="DType"/>.</summary>
    public static IReadOnlyList<BlockFormat> All { get; } =
    [
        new BlockFormat<F32>(),
        new BlockFormat<F16>(),
        new BlockFormat<BF16>(),
        new BlockFormat<Q4_0>(),
        new BlockFormat<Q4_1>(),
        new BlockFormat<Q5_0>(),
        new BlockFormat<Q5_1>(),
        new BlockFormat<Q8_0>(),
    ];

    /// <summary>The format of that name.</summary>
    public static BlockFormat Of(DType type) => All[(int)type];
}

/// <summary>A format as a value: rows of bytes from and to floats.</summary>
internal abstract class BlockFormat
{
    /// <summary>Its name.</summary>
    public abstract DType Type { get; }

    /// <summary>Leading 16-bit fields of a block.</summary>
    public abstract int Halves { get; }

    /// <summary>32-bit words of a block, after the halves.</summary>
    public int Words => (Type.BlockBytes() - (2 * Halves)) / 4;

    /// <summary>Expands whole blocks; <paramref name="values"/> holds exactly their values.</summary>
    public abstract void Decode(ReadOnlySpan<byte> blocks, Span<float> values);

    /// <summary>Rounds values into exactly the blocks that hold them.</summary>
    public abstract void Encode(ReadOnlySpan<float> values, Span<byte> blocks);
}

/// <inheritdoc/>
internal sealed class BlockFormat<T> : BlockFormat
    where T : unmanaged, IBlockFormat<T>
{
    public override DType Type => T.Type;

    public override int Halves => T.Halves;

    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        Check(blocks.Length, values.Length);
        T.DecodeAll(MemoryMarshal.Cast<byte, T>(blocks), values);
    }

    public override void Encode(ReadOnlySpan<float> values, Span<byte> blocks)
    {
        var typed = MemoryMarshal.Cast<byte, T>(blocks);
        var length = Check(blocks.Length, values.Length);
        for (var b = 0; b < typed.Length; b++) typed[b] = T.Encode(values.Slice(b * length, length));
    }

    private static int Check(int bytes, int values)
    {
        var length = T.Type.BlockLength();
        if (values % length == 0 && (long)values / length * Unsafe.SizeOf<T>() == bytes) return length;
        throw new ArgumentException(
            $"{values} values and {bytes} bytes do not match: "
            + $"{T.Type} holds {length} values in {Unsafe.SizeOf<T>()} bytes.");
    }
}
