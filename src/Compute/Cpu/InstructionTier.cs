namespace Minka.Compute.Cpu;

/// <summary>Sets of instructions that kernels are written for, from the least to the most.</summary>
public enum InstructionTier
{
    /// <summary>Plain C#: every CPU, and the specification.</summary>
    Scalar,

    /// <summary>128 bits, dot products of four bytes: Arm NEON, portable where the CPU has none.</summary>
    Vector128,

    /// <summary>128 bits, products of pairs of bytes: x86 since 2006.</summary>
    Ssse3,

    /// <summary>256 bits, products of pairs of bytes: AVX2 with FMA, x86 since 2013.</summary>
    Avx2,

    /// <summary>256 bits, dot products of four bytes; with AVX2 in their place where the CPU has none.</summary>
    AvxVnni,

    /// <summary>512 bits, products of pairs of bytes: AVX-512 F, BW, DQ and VL.</summary>
    Avx512,

    /// <summary>512 bits, dot products of four bytes by code written at run time; the rest as before.</summary>
    Avx512Vnni,
}
