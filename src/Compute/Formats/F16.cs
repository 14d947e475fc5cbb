using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Minka.Compute.Kernels;
using Minka.Compute.Kernels.MatMul;

namespace Minka.Compute.Formats;

/// <summary>IEEE half precision.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct F16 : IFloatFormat<F16>
{
    public Half Value;

    public static DType Type => DType.F16;

    public static int Halves => 1;

    public static float Unit => ActivationTiles.PanelScale;

    public static float ToSingle(F16 value) => (float)value.Value;

    public static void Decode(in F16 block, Span<float> values) => values[0] = (float)block.Value;

    public static void DecodeAll(ReadOnlySpan<F16> blocks, Span<float> values) =>
        TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<F16, Half>(blocks), values);

    public static F16 Encode(ReadOnlySpan<float> values) => new() { Value = (Half)values[0] };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe TF Load<TLanes, TI, TF>(byte* column)
        where TLanes : struct, IWordLanes<TI, TF>
        where TI : struct
        where TF : unmanaged =>
        TLanes.LoadSmallHalves((ushort*)column);
}
