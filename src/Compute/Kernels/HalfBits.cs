namespace Minka.Compute.Kernels;

/// <summary>How IEEE halves become floats without an instruction for it, which .NET does not offer.</summary>
/// <remarks>
/// Sign-extended to 32 bits and shifted left by 13, a half's exponent and fraction are where a float has them, and bits
/// 28 to 31 all carry the sign: a mask keeps one. The exponent's bias is 15 instead of 127, so that the float is 2^112
/// times too small. Subnormal halves come out right.
/// </remarks>
internal static class HalfBits
{
    /// <summary>Bits that stay after the shift.</summary>
    public const int Mask = unchecked((int)0x8FFF_E000);

    /// <summary>2^112.</summary>
    public const float Unit = 5192296858534827628530496329220096f;
}
