namespace Minka.Compute.Kernels.Code;

/// <summary>A vector register of 256 bits.</summary>
/// <param name="Number">From 0 to 15.</param>
internal readonly record struct Ymm(int Number)
{
    /// <summary>The register so many after one.</summary>
    public static Ymm operator +(Ymm first, int next) => new(first.Number + next);
}

/// <remarks>Vectors of 256 bits: AVX2, FMA and F16C (the manual's section 2.3, VEX).</remarks>
internal sealed partial class Assembler
{
    /// <summary>Sums of two products of unsigned with signed bytes, in 16 bits.</summary>
    public void MultiplyPairs(Ymm target, Ymm unsigned, Ymm signed) =>
        Vex(Map0F38, Prefix66, 0x04, target, unsigned, signed);

    /// <summary>Sums of two products of 16 bits, in 32.</summary>
    public void MultiplyWide(Ymm target, Ymm a, Ymm b) => Vex(Map0F, Prefix66, 0xF5, target, a, b);

    /// <summary>Bytes of a, negative where those of b are, zero where they are.</summary>
    public void Sign(Ymm target, Ymm a, Ymm b) => Vex(Map0F38, Prefix66, 0x08, target, a, b);

    /// <summary>Magnitudes of signed bytes.</summary>
    public void Abs(Ymm target, Ymm a) => Vex(Map0F38, Prefix66, 0x1C, target, default, a);

    /// <summary>Sixteen integers of 16 bits added.</summary>
    public void AddShorts(Ymm target, Ymm a, Ymm b) => Vex(Map0F, Prefix66, 0xFD, target, a, b);

    /// <summary>Eight integers added.</summary>
    public void AddWords(Ymm target, Ymm a, Ymm b) => Vex(Map0F, Prefix66, 0xFE, target, a, b);

    /// <summary>Bits that both have.</summary>
    public void And(Ymm target, Ymm a, Ymm b) => Vex(Map0F, Prefix66, 0xDB, target, a, b);

    /// <summary>All zeros.</summary>
    public void Clear(Ymm target) => Vex(Map0F, Prefix66, 0xEF, target, target, target);

    /// <summary>Words shifted towards their low ends, zeros from above.</summary>
    public void ShiftRight(Ymm target, Ymm a, int bits)
    {
        Vex(Map0F, Prefix66, 0x72, new Ymm(2), target, a);
        Bytes((byte)bits);
    }

    /// <summary>Integers to the nearest floats.</summary>
    public void ToSingle(Ymm target, Ymm a) => Vex(Map0F, NoPrefix, 0x5B, target, default, a);

    /// <summary>Eight halves in 16 bytes to floats.</summary>
    public void LoadHalves(Ymm target, Gpr from, int offset) =>
        Vex(Map0F38, Prefix66, 0x13, target, default, from, offset);

    /// <summary>Floats multiplied.</summary>
    public void Multiply(Ymm target, Ymm a, Ymm b) => Vex(Map0F, NoPrefix, 0x59, target, a, b);

    /// <summary><c>target = target a - b</c>, rounded once.</summary>
    public void MultiplySubtract(Ymm target, Ymm a, Ymm b) => Vex(Map0F38, Prefix66, 0xAA, target, a, b);

    /// <summary><c>target += a b</c>, rounded once.</summary>
    public void MultiplyAdd(Ymm target, Ymm a, Ymm b) => Vex(Map0F38, Prefix66, 0xB8, target, a, b);

    /// <summary><c>target = target a + b</c>, rounded once, b in memory.</summary>
    public void MultiplyAddTo(Ymm target, Ymm a, Gpr from, int offset) =>
        Vex(Map0F38, Prefix66, 0xA8, target, a, from, offset);

    /// <summary>Eight times the same four bytes.</summary>
    public void Broadcast(Ymm target, Gpr from, int offset) =>
        Vex(Map0F38, Prefix66, 0x18, target, default, from, offset);

    /// <summary>32 bytes from memory.</summary>
    public void Load(Ymm target, Gpr from, int offset) => Vex(Map0F, NoPrefix, 0x10, target, default, from, offset);

    /// <summary>32 bytes to memory.</summary>
    public void Store(Gpr to, int offset, Ymm source) => Vex(Map0F, NoPrefix, 0x11, source, default, to, offset);

    private void Vex(int map, int prefix, byte opcode, Ymm register, Ymm second, Ymm third)
    {
        Vex(map, prefix, register.Number, second.Number, third.Number);
        Bytes(opcode, (byte)(0xC0 | ((register.Number & 7) << 3) | (third.Number & 7)));
    }

    private void Vex(int map, int prefix, byte opcode, Ymm register, Ymm second, Gpr from, int offset)
    {
        Vex(map, prefix, register.Number, second.Number, (int)from);
        Bytes(opcode);
        ModRm(register.Number, from, offset, 1);
    }

    // Extensions of register numbers are written inverted.
    private void Vex(int map, int prefix, int register, int second, int third)
    {
        const int Escape = 0xC4, NoIndex = 1 << 6, Length256 = 1 << 2;
        var extensions = ((Bit(register >> 3) ^ 1) << 7) | NoIndex | ((Bit(third >> 3) ^ 1) << 5);
        Bytes(Escape, (byte)(extensions | map), (byte)(((~second & 15) << 3) | Length256 | prefix));
    }
}
