using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>Sets of instructions that packed products are written for.</summary>
internal enum SimdTier
{
    /// <summary>No vectors: the specification.</summary>
    Scalar,

    /// <summary>128 bits with a dot product of four bytes: Arm, and portable operations where it has none.</summary>
    Quad128,

    /// <summary>128 bits with products of pairs of bytes: x86 since SSSE3.</summary>
    Pair128,

    /// <summary>AVX2 and FMA.</summary>
    Avx2,

    /// <summary>AVX-512 (F, BW, DQ, VL).</summary>
    Avx512,
}

/// <summary>Which tiers this process can run.</summary>
internal static class SimdTiers
{
    /// <summary>The best tier, chosen once; the JIT sees a constant.</summary>
    public static readonly SimdTier Best = Choose();

    /// <summary>Every tier that can run here, the best included.</summary>
    public static IEnumerable<SimdTier> Supported => Enum.GetValues<SimdTier>().Where(IsSupported);

    private static SimdTier Choose()
    {
        if (IsSupported(SimdTier.Avx512)) return SimdTier.Avx512;
        if (IsSupported(SimdTier.Avx2)) return SimdTier.Avx2;
        if (Dp.IsSupported) return SimdTier.Quad128;
        if (IsSupported(SimdTier.Pair128)) return SimdTier.Pair128;
        return Vector128.IsHardwareAccelerated ? SimdTier.Quad128 : SimdTier.Scalar;
    }

    private static bool IsSupported(SimdTier tier) => tier switch
    {
        SimdTier.Avx512 => Avx512BW.IsSupported && Vector512.IsHardwareAccelerated,
        SimdTier.Avx2 => Avx2.IsSupported && Fma.IsSupported,
        SimdTier.Pair128 => Ssse3.IsSupported,
        _ => true,
    };
}
