using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Minka.Compute.Cpu;

/// <summary>The tier of this process, decided once so that the compiler drops the others.</summary>
internal static class InstructionTiers
{
    /// <summary>The runtime's own name for what turns this and its neighbours off.</summary>
    private const string VnniVariable = "DOTNET_EnableAVX512v3";

    /// <summary>The best tier that the CPU has and that no <c>DOTNET_Enable...=0</c> turns off.</summary>
    public static readonly InstructionTier Current = Choose();

    /// <summary>Width of its vectors, in bits; 0 for none.</summary>
    public static readonly int VectorBits = Current switch
    {
        InstructionTier.Avx512Vnni or InstructionTier.Avx512 => 512,
        InstructionTier.AvxVnni or InstructionTier.Avx2 => 256,
        InstructionTier.Scalar => 0,
        _ => 128,
    };

    /// <summary>Every tier that can run here, the best included.</summary>
    public static IEnumerable<InstructionTier> Supported => Enum.GetValues<InstructionTier>().Where(IsSupported);

    /// <summary>Why it is that tier.</summary>
    public static string Reason => Current switch
    {
        InstructionTier.Avx512Vnni => "The CPU has AVX-512 (F, BW, DQ, VL) with VNNI.",
        InstructionTier.Avx512 => "The CPU has AVX-512 (F, BW, DQ, VL)" + Without("VNNI", VnniVariable),
        InstructionTier.AvxVnni => "The CPU has AVX2, FMA and AVX-VNNI" + Without("AVX-512", "DOTNET_EnableAVX512"),
        InstructionTier.Avx2 => "The CPU has AVX2 and FMA" + Without("AVX-512", "DOTNET_EnableAVX512"),
        InstructionTier.Scalar => "No vector instructions are in use" + Without("them", "DOTNET_EnableHWIntrinsic"),
        _ when Dp.IsSupported => "The CPU has Arm's vectors with a dot product.",
        _ when AdvSimd.Arm64.IsSupported =>
            "The CPU has Arm's vectors" + Without("its dot product", "DOTNET_EnableArm64Dp"),
        _ => "The CPU has 128-bit vectors"
            + (X86Base.IsSupported ? Without("AVX2 with FMA", "DOTNET_EnableAVX2") : "."),
    };

    /// <summary>The tier for a product: dot products of four beat twice the width where pairs overflow.</summary>
    public static InstructionTier For(DType type, InstructionTier tier) =>
        tier == InstructionTier.Avx512 && AvxVnni.IsSupported && type is DType.Q5_0 or DType.Q5_1 or DType.Q8_0
            ? InstructionTier.AvxVnni
            : tier;

    private static string Without(string missing, string variable) =>
        IsOff(variable) ? $"; {variable}=0 turns {missing} off." : $"; {missing} is not there or not in use.";

    private static bool IsOff(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value && value.Trim('0').Length == 0;

    // .NET 10 knows of it but has no class for it: leaf 7, ECX bit 11 (Intel's manual, volume 2, CPUID).
    private static bool HasVnni => X86Base.IsSupported && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0;

    private static InstructionTier Choose()
    {
        if (IsSupported(InstructionTier.Avx512Vnni)) return InstructionTier.Avx512Vnni;
        if (IsSupported(InstructionTier.Avx512)) return InstructionTier.Avx512;
        if (AvxVnni.IsSupported && IsSupported(InstructionTier.Avx2)) return InstructionTier.AvxVnni;
        if (IsSupported(InstructionTier.Avx2)) return InstructionTier.Avx2;
        if (Dp.IsSupported) return InstructionTier.Vector128;
        if (IsSupported(InstructionTier.Ssse3)) return InstructionTier.Ssse3;
        return Vector128.IsHardwareAccelerated ? InstructionTier.Vector128 : InstructionTier.Scalar;
    }

    private static bool IsSupported(InstructionTier tier) => tier switch
    {
        InstructionTier.Avx512Vnni =>
            IsSupported(InstructionTier.Avx512) && HasVnni && !IsOff(VnniVariable) && MachineCode.IsAllowed,
        InstructionTier.Avx512 => Avx512BW.VL.IsSupported && Vector512.IsHardwareAccelerated,
        InstructionTier.AvxVnni or InstructionTier.Avx2 => Avx2.IsSupported && Fma.IsSupported,
        InstructionTier.Ssse3 => Ssse3.IsSupported,
        _ => true,
    };
}
