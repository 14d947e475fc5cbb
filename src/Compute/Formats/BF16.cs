using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Minka.Compute.Kernels;
using Minka.Compute.Kernels.MatMul;

namespace Minka.Compute.Formats;

/// <summary>The upper half of a single, rounded to nearest, ties to even.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BF16 : IFloatFormat<BF16>
{
    public ushort Bits;

    public static DType Type => DType.BF16;

    public static int Halves => 1;

    public static float Unit => 1 / ActivationTiles.PanelScale;

    public static float ToSingle(BF16 value) => BitConverter.UInt32BitsToSingle((uint)value.Bits << 16);

    public static void Decode(in BF16 block, Span<float> values) => values[0] = ToSingle(block);

    public static void DecodeAll(ReadOnlySpan<BF16> blocks, Span<float> values)
    {
        var bits = MemoryMarshal.Cast<BF16, ushort>(blocks);
        var singles = MemoryMarshal.Cast<float, uint>(values[..bits.Length]);
        for (var i = 0; i < singles.Length; i++)
        {
            if (i <= singles.Length - Vector<ushort>.Count)
            {
                Vector.Widen(new Vector<ushort>(bits[i..]), out var lower, out var upper);
                Vector.ShiftLeft(lower, 16).CopyTo(singles[i..]);
                Vector.ShiftLeft(upper, 16).CopyTo(singles[(i + Vector<uint>.Count)..]);
                i += Vector<ushort>.Count - 1;
            }
            else singles[i] = (uint)bits[i] << 16;
        }
    }

    public static BF16 Encode(ReadOnlySpan<float> values)
    {
        var bits = BitConverter.SingleToUInt32Bits(values[0]);

        // A NaN whose payload lies in the lower half must not round to infinity: it stays quiet.
        if (float.IsNaN(values[0])) return new() { Bits = (ushort)((bits >> 16) | 0x40) };
        return new() { Bits = (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16) };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe TF Load<TLanes, TI, TF>(byte* column)
        where TLanes : struct, IWordLanes<TI, TF>
        where TI : struct
        where TF : unmanaged =>
        TLanes.LoadBrainFloats(column);
}
