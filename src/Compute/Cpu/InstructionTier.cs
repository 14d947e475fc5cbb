using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Minka.Compute.Cpu;

/// <summary>Width of the instructions that kernels use.</summary>
public enum InstructionTier
{
    /// <summary>Plain C#: every CPU.</summary>
    Scalar,

    /// <summary>128 bits: Arm NEON, or x86 before AVX2.</summary>
    Vector128,

    /// <summary>256 bits: AVX2 with FMA.</summary>
    Avx2,

    /// <summary>512 bits: AVX-512 F, BW, DQ and VL.</summary>
    Avx512,
}

/// <summary>The tier of this process, decided once so that the compiler drops the others.</summary>
internal static class InstructionTiers
{
    /// <summary>The widest tier that the CPU has and that no <c>DOTNET_Enable...=0</c> turns off.</summary>
    public static readonly InstructionTier Current = Find();

    /// <summary>Why it is that tier.</summary>
    public static string Reason => Current switch
    {
        InstructionTier.Avx512 => "The CPU has AVX-512 (F, BW, DQ, VL).",
        InstructionTier.Avx2 => "The CPU has AVX2 and FMA" + Without("AVX-512", "DOTNET_EnableAVX512"),
        InstructionTier.Vector128 => "The CPU has 128-bit vectors"
            + (X86Base.IsSupported ? Without("AVX2 with FMA", "DOTNET_EnableAVX2") : "."),
        _ => "No vector instructions are in use" + Without("them", "DOTNET_EnableHWIntrinsic"),
    };

    private static string Without(string missing, string variable) =>
        Environment.GetEnvironmentVariable(variable) is { } value && value.Trim('0').Length == 0
            ? $"; {variable}={value} turns {missing} off."
            : $"; {missing} is not there or not in use.";

    private static InstructionTier Find()
    {
        if (Vector512.IsHardwareAccelerated && Avx512BW.VL.IsSupported) return InstructionTier.Avx512;
        if (Avx2.IsSupported && Fma.IsSupported) return InstructionTier.Avx2;
        return Vector128.IsHardwareAccelerated ? InstructionTier.Vector128 : InstructionTier.Scalar;
    }
}
