using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using Minka.Compute.Cpu;
using Minka.Compute.Formats;

namespace Minka.Compute.Kernels.MatMul;

/// <summary>All kernels: one per format and tier, shared by every matrix.</summary>
internal static class MatMulKernels
{
    private static bool LacksDots => AdvSimd.Arm64.IsSupported && !Dp.IsSupported;

    /// <summary>The kernel of a format on a tier.</summary>
    public static MatMulKernel Of(DType type, InstructionTier tier) => type switch
    {
        DType.F32 => Float<F32>(tier),
        DType.F16 => Float<F16>(tier),
        DType.BF16 => Float<BF16>(tier),
        DType.Q4_0 => Unsigned<Q4_0>(tier),
        DType.Q4_1 => Unsigned<Q4_1>(tier),
        DType.Q5_0 => Unsigned<Q5_0>(tier),
        DType.Q5_1 => Unsigned<Q5_1>(tier),
        DType.Q8_0 => Signed(tier),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No kernel multiplies this format."),
    };

    private static MatMulKernel Unsigned<T>(InstructionTier tier)
        where T : unmanaged, IUnsignedFormat<T> => tier switch
        {
            InstructionTier.Avx512Vnni => CodeMatMul.Of(T.Type),
            InstructionTier.Avx512 =>
                new QuantizedMatMul<T, Lanes512, PairDots512, Vector512<int>, Vector512<float>>(),
            InstructionTier.AvxVnni =>
                new QuantizedMatMul<T, Lanes256, QuadDots256, Vector256<int>, Vector256<float>>(),
            InstructionTier.Avx2 => PairCodeMatMul.Of(
                T.Type, new QuantizedMatMul<T, Lanes256, PairDots256, Vector256<int>, Vector256<float>>()),
            InstructionTier.Ssse3 =>
                new QuantizedMatMul<T, Lanes128, PairDots128, Vector128<int>, Vector128<float>>(),
            InstructionTier.Vector128 => LacksDots
                ? new QuantizedMatMul<T, Lanes128, LongDots128, Vector128<int>, Vector128<float>>()
                : new QuantizedMatMul<T, Lanes128, QuadDots128, Vector128<int>, Vector128<float>>(),
            _ => new ScalarQuantizedMatMul<T>(),
        };

    private static MatMulKernel Signed(InstructionTier tier) => tier switch
    {
        InstructionTier.Avx512Vnni => CodeMatMul.Of(DType.Q8_0),
        InstructionTier.Avx512 => new SignedMatMul<Lanes512, PairDots512, Vector512<int>, Vector512<float>>(),
        InstructionTier.AvxVnni => new SignedMatMul<Lanes256, QuadDots256, Vector256<int>, Vector256<float>>(),
        InstructionTier.Avx2 => PairCodeMatMul.Of(
            DType.Q8_0, new SignedMatMul<Lanes256, PairDots256, Vector256<int>, Vector256<float>>()),
        InstructionTier.Ssse3 => new SignedMatMul<Lanes128, PairDots128, Vector128<int>, Vector128<float>>(),
        InstructionTier.Vector128 => LacksDots
            ? new SignedMatMul<Lanes128, LongDots128, Vector128<int>, Vector128<float>>()
            : new SignedMatMul<Lanes128, QuadDots128, Vector128<int>, Vector128<float>>(),
        _ => new ScalarQuantizedMatMul<Q8_0>(),
    };

    private static MatMulKernel Float<T>(InstructionTier tier)
        where T : unmanaged, IFloatFormat<T> => tier switch
        {
            InstructionTier.Avx512Vnni or InstructionTier.Avx512 =>
                new FloatMatMul<T, Lanes512, Vector512<int>, Vector512<float>>(),
            InstructionTier.AvxVnni or InstructionTier.Avx2 =>
                new FloatMatMul<T, Lanes256, Vector256<int>, Vector256<float>>(),
            InstructionTier.Scalar => new ScalarFloatMatMul<T>(),
            _ => new FloatMatMul<T, Lanes128, Vector128<int>, Vector128<float>>(),
        };
}
