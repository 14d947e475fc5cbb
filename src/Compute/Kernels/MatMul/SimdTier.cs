using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>Sets of instructions that packed products are written for.</summary>
internal enum SimdTier
{
    /// <summary>No vectors: the specification.</summary>
    Scalar,

    /// <summary>128 bits, dot products of four bytes: Arm, and portable operations where the CPU has none.</summary>
    Vector128,

    /// <summary>128 bits, products of pairs of bytes: x86 since 2006.</summary>
    Ssse3,

    /// <summary>256 bits, products of pairs of bytes: x86 since 2013.</summary>
    Avx2,

    /// <summary>256 bits, dot products of four bytes; with AVX2 in their place where the CPU has none.</summary>
    AvxVnni,

    /// <summary>512 bits, products of pairs of bytes.</summary>
    Avx512,
}

/// <summary>Which tiers this process can run.</summary>
internal static class SimdTiers
{
    /// <summary>The best tier, chosen once.</summary>
    public static readonly SimdTier Best = Choose();

    /// <summary>Every tier that can run here, the best included.</summary>
    public static IEnumerable<SimdTier> Supported => Enum.GetValues<SimdTier>().Where(IsSupported);

    /// <summary>The tier for a format: dot products of four beat twice the width where pairs overflow.</summary>
    public static SimdTier For(DType type, SimdTier tier) =>
        tier == SimdTier.Avx512 && AvxVnni.IsSupported && type is DType.Q5_0 or DType.Q5_1 or DType.Q8_0
            ? SimdTier.AvxVnni
            : tier;

    private static SimdTier Choose()
    {
        if (IsSupported(SimdTier.Avx512)) return SimdTier.Avx512;
        if (AvxVnni.IsSupported) return SimdTier.AvxVnni;
        if (IsSupported(SimdTier.Avx2)) return SimdTier.Avx2;
        if (Dp.IsSupported) return SimdTier.Vector128;
        if (IsSupported(SimdTier.Ssse3)) return SimdTier.Ssse3;
        return Vector128.IsHardwareAccelerated ? SimdTier.Vector128 : SimdTier.Scalar;
    }

    private static bool IsSupported(SimdTier tier) => tier switch
    {
        SimdTier.Avx512 => Avx512BW.IsSupported && Vector512.IsHardwareAccelerated,
        SimdTier.AvxVnni or SimdTier.Avx2 => Avx2.IsSupported && Fma.IsSupported,
        SimdTier.Ssse3 => Ssse3.IsSupported,
        _ => true,
    };
}
