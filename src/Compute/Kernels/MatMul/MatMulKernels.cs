using System.Runtime.Intrinsics;
using Minka.Compute.Formats;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>All kernels: one per format and tier, shared by every matrix.</summary>
internal static class MatMulKernels
{
    /// <summary>The kernel of a format on a tier.</summary>
    public static MatMulKernel Of(DType type, SimdTier tier) => type switch
    {
        DType.F32 => Float<F32>(tier),
        DType.F16 => Float<F16>(tier),
        DType.BF16 => Float<BF16>(tier),
        DType.Q4_0 => Quantized<Q4_0>(tier),
        DType.Q4_1 => Quantized<Q4_1>(tier),
        DType.Q5_0 => Quantized<Q5_0>(tier),
        DType.Q5_1 => Quantized<Q5_1>(tier),
        DType.Q8_0 => Quantized<Q8_0>(tier),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No kernel multiplies this format."),
    };

    private static MatMulKernel Quantized<T>(SimdTier tier)
        where T : unmanaged, IQuantizedFormat<T> => tier switch
        {
            SimdTier.Avx512 => new QuantizedMatMul<T, Lanes512, Vector512<int>, Vector512<float>>(),
            SimdTier.Avx2 => new QuantizedMatMul<T, Lanes256, Vector256<int>, Vector256<float>>(),
            SimdTier.Pair128 => new QuantizedMatMul<T, Lanes128<PairDot>, Vector128<int>, Vector128<float>>(),
            SimdTier.Quad128 => new QuantizedMatMul<T, Lanes128<QuadDot>, Vector128<int>, Vector128<float>>(),
            _ => new ScalarQuantizedMatMul<T>(),
        };

    private static MatMulKernel Float<T>(SimdTier tier)
        where T : unmanaged, IFloatFormat<T> => tier switch
        {
            SimdTier.Avx512 => new FloatMatMul<T, Lanes512, Vector512<int>, Vector512<float>>(),
            SimdTier.Avx2 => new FloatMatMul<T, Lanes256, Vector256<int>, Vector256<float>>(),
            SimdTier.Pair128 => new FloatMatMul<T, Lanes128<PairDot>, Vector128<int>, Vector128<float>>(),
            SimdTier.Quad128 => new FloatMatMul<T, Lanes128<QuadDot>, Vector128<int>, Vector128<float>>(),
            _ => new ScalarFloatMatMul<T>(),
        };
}
