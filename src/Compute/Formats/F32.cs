using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Minka.Compute.Kernels;
using Minka.Compute.Kernels.MatMul;

namespace Minka.Compute.Formats;

/// <summary>IEEE single precision.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct F32 : IFloatFormat<F32>
{
    public float Value;

    public static DType Type => DType.F32;

    public static int Halves => 0;

    public static float Unit => 1 / ActivationTiles.PanelScale;

    public static float ToSingle(F32 value) => value.Value;

    public static void Decode(in F32 block, Span<float> values) => values[0] = block.Value;

    public static void DecodeAll(ReadOnlySpan<F32> blocks, Span<float> values) =>
        MemoryMarshal.Cast<F32, float>(blocks).CopyTo(values);

    public static F32 Encode(ReadOnlySpan<float> values) => new() { Value = values[0] };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe TF Load<TLanes, TI, TF>(byte* column)
        where TLanes : struct, IWordLanes<TI, TF>
        where TI : struct
        where TF : unmanaged =>
        TLanes.Load((float*)column);
}
