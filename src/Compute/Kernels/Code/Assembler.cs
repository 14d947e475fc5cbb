namespace Minka.Compute.Kernels.Code;

/// <summary>Registers of 64 bits that a function of the System V convention may overwrite.</summary>
internal enum Gpr
{
    Rax = 0,
    Rcx = 1,
    Rdx = 2,
    Rsi = 6,
    Rdi = 7,
    R8 = 8,
    R9 = 9,
    R10 = 10,
    R11 = 11,
}

/// <summary>A place in memory: 64 bytes, or four of them for all lanes.</summary>
/// <param name="Base">Holds the address.</param>
/// <param name="Offset">Bytes after it.</param>
/// <param name="IsBroadcast">Whether four bytes are repeated sixteen times.</param>
internal readonly record struct Place(Gpr Base, int Offset, bool IsBroadcast = false);

/// <summary>Writes x86-64 instructions as bytes: those that .NET has no class for, and what is around them.</summary>
/// <remarks>
/// Intel 64 Architectures Software Developer's Manual, volume 2, sections 2.1 (prefixes, ModRM) and 2.7 (EVEX).
/// Vectors have 512 bits and are named by number, 0 to 31; nothing is masked. Those of 256 bits have a type.
/// </remarks>
internal sealed partial class Assembler
{
    private const int Map0F = 1, Map0F38 = 2, Map0F3A = 3;
    private const int NoPrefix = 0, Prefix66 = 1;
    private const int VectorBytes = 64, WordBytes = 4;

    private readonly List<byte> _bytes = [];

    /// <summary>What was written.</summary>
    public byte[] ToArray() => [.. _bytes];

    /// <summary>Bytes so far; as an argument of <see cref="JumpIfNotZero"/>, the place of what comes next.</summary>
    public int Position => _bytes.Count;

    /// <summary>Fills up to a multiple of so many bytes with instructions that do nothing.</summary>
    public void Align(int bytes)
    {
        const byte Nop = 0x90;
        while (_bytes.Count % bytes != 0) _bytes.Add(Nop);
    }

    /// <summary><c>acc += u . s</c>: four products of unsigned with signed bytes in each of sixteen sums
    /// (AVX512_VNNI).</summary>
    public void DotBytes(int acc, int u, Place s) => Evex(Map0F38, Prefix66, 0x50, acc, u, s);

    /// <inheritdoc cref="DotBytes(int, int, Place)"/>
    public void DotBytes(int acc, int u, int s) => Evex(Map0F38, Prefix66, 0x50, acc, u, s);

    /// <summary>Sixteen integers added.</summary>
    public void AddWords(int target, int a, int b) => Evex(Map0F, Prefix66, 0xFE, target, a, b);

    /// <summary>Sixteen integers multiplied, the low halves kept.</summary>
    public void MultiplyWords(int target, int a, Place b) => Evex(Map0F38, Prefix66, 0x40, target, a, b);

    /// <summary>Bits that both have.</summary>
    public void And(int target, int a, Place b) => Evex(Map0F, Prefix66, 0xDB, target, a, b);

    /// <summary>Bits that either has.</summary>
    public void Or(int target, int a, int b) => Evex(Map0F, Prefix66, 0xEB, target, a, b);

    /// <summary>All zeros.</summary>
    public void Clear(int target) => Evex(Map0F, Prefix66, 0xEF, target, target, target);

    /// <summary>Words shifted towards their low ends, zeros from above.</summary>
    public void ShiftRight(int target, int a, int bits) => Shift(2, target, a, bits);

    /// <summary>Words shifted towards their high ends.</summary>
    public void ShiftLeft(int target, int a, int bits) => Shift(6, target, a, bits);

    /// <summary>Integers to the nearest floats.</summary>
    public void ToSingle(int target, int a) => Evex(Map0F, NoPrefix, 0x5B, target, 0, a);

    /// <summary>Sixteen halves in 32 bytes to floats.</summary>
    public void LoadHalves(int target, Place halves) =>
        Evex(Map0F38, Prefix66, 0x13, target, 0, halves, VectorBytes / 2);

    /// <summary>Sixteen floats to the nearest halves, ties to even, in 32 bytes of memory.</summary>
    public void StoreHalves(Gpr to, int offset, int source)
    {
        const byte NearestEven = 0;
        Evex(Map0F3A, Prefix66, 0x1D, source, 0, new Place(to, offset), VectorBytes / 2);
        Bytes(NearestEven);
    }

    /// <summary>The smaller floats; b where a is no number.</summary>
    public void Min(int target, int a, int b) => Evex(Map0F, NoPrefix, 0x5D, target, a, b);

    /// <summary>The larger floats; b where a is no number.</summary>
    public void Max(int target, int a, int b) => Evex(Map0F, NoPrefix, 0x5F, target, a, b);

    /// <summary>Floats multiplied.</summary>
    public void Multiply(int target, int a, Place b) => Evex(Map0F, NoPrefix, 0x59, target, a, b);

    /// <summary>Floats added.</summary>
    public void Add(int target, int a, int b) => Evex(Map0F, NoPrefix, 0x58, target, a, b);

    /// <summary><c>target += a b</c>, rounded once.</summary>
    public void MultiplyAdd(int target, int a, int b) => Evex(Map0F38, Prefix66, 0xB8, target, a, b);

    /// <summary><c>target += a b</c>, rounded once.</summary>
    public void MultiplyAdd(int target, int a, Place b) => Evex(Map0F38, Prefix66, 0xB8, target, a, b);

    /// <summary><c>target = target b - c</c>, rounded once.</summary>
    public void MultiplySubtract(int target, int c, Place b) => Evex(Map0F38, Prefix66, 0x9A, target, c, b);

    /// <summary>Sixteen times the same four bytes.</summary>
    public void Broadcast(int target, Gpr from, int offset) =>
        Evex(Map0F38, Prefix66, 0x18, target, 0, new Place(from, offset), WordBytes);

    /// <summary>64 bytes from memory.</summary>
    public void Load(int target, Gpr from, int offset) =>
        Evex(Map0F, NoPrefix, 0x10, target, 0, new Place(from, offset));

    /// <summary>64 bytes to memory.</summary>
    public void Store(Gpr to, int offset, int source) => Evex(Map0F, NoPrefix, 0x11, source, 0, new Place(to, offset));

    /// <summary>Asks for a cache line.</summary>
    public void Prefetch(Gpr from, int offset) => Prefetch(1, from, offset);

    /// <summary>Asks for a cache line that is not wanted before many others.</summary>
    public void PrefetchFar(Gpr from, int offset) => Prefetch(2, from, offset);

    /// <summary>Eight bytes from memory.</summary>
    public void Load(Gpr target, Gpr from, int offset) => Integer(0x8B, (int)target, from, offset);

    /// <summary>Adds eight bytes of memory.</summary>
    public void Add(Gpr target, Gpr from, int offset) => Integer(0x03, (int)target, from, offset);

    /// <summary>Adds a constant.</summary>
    public void Add(Gpr target, int value) => Constant(0x81, target, value);

    /// <summary>Adds a constant to eight bytes of memory.</summary>
    public void AddTo(Gpr to, int offset, int value)
    {
        Integer(0x81, 0, to, offset);
        Int32(value);
    }

    /// <summary>A constant.</summary>
    public void Set(Gpr target, int value) => Constant(0xC7, target, value);

    /// <summary>Eight bytes from another register.</summary>
    public void Set(Gpr target, Gpr source)
    {
        Rex(isWide: true, (int)target, source);
        Bytes(0x8B, (byte)(0xC0 | (((int)target & 7) << 3) | ((int)source & 7)));
    }

    /// <summary>Subtracts one and notes whether zero is left.</summary>
    public void Decrement(Gpr target)
    {
        Rex(isWide: true, 0, target);
        Bytes(0xFF, (byte)(0xC8 | ((int)target & 7)));
    }

    /// <summary>Subtracts one from eight bytes of memory and notes whether zero is left.</summary>
    public void Decrement(Gpr at, int offset) => Integer(0xFF, 1, at, offset);

    /// <summary>Goes back to a place if the last decrement left something.</summary>
    public void JumpIfNotZero(int position)
    {
        const int Length = 6;
        var distance = position - (_bytes.Count + Length);
        Bytes(0x0F, 0x85);
        Int32(distance);
    }

    /// <summary>Leaves the function; vectors are left clean for code that knows only 128 bits of them.</summary>
    public void Return() => Bytes(0xC5, 0xF8, 0x77, 0xC3);

    private void Prefetch(int level, Gpr from, int offset)
    {
        Rex(isWide: false, 0, from);
        Bytes(0x0F, 0x18);
        ModRm(level, from, offset, 1);
    }

    private void Constant(byte opcode, Gpr target, int value)
    {
        Rex(isWide: true, 0, target);
        Bytes(opcode, (byte)(0xC0 | ((int)target & 7)));
        Int32(value);
    }

    private void Integer(byte opcode, int register, Gpr from, int offset)
    {
        Rex(isWide: true, register, from);
        Bytes(opcode);
        ModRm(register, from, offset, 1);
    }

    private void Shift(int kind, int target, int a, int bits)
    {
        Evex(Map0F, Prefix66, 0x72, kind, target, a);
        Bytes((byte)bits);
    }

    private void Evex(int map, int prefix, byte opcode, int register, int second, int third)
    {
        // The fifth bit of the register in ModRM.rm has the place of an index register's fourth.
        Prefix(map, prefix, register, second, third >> 3, third >> 4, isBroadcast: false);
        Bytes(opcode, (byte)(0xC0 | ((register & 7) << 3) | (third & 7)));
    }

    private void Evex(
        int map, int prefix, byte opcode, int register, int second, Place third, int bytes = VectorBytes)
    {
        Prefix(map, prefix, register, second, (int)third.Base >> 3, 0, third.IsBroadcast);
        Bytes(opcode);
        ModRm(register, third.Base, third.Offset, third.IsBroadcast ? WordBytes : bytes);
    }

    // Extensions of register numbers are written inverted.
    private void Prefix(int map, int prefix, int register, int second, int bit3, int bit4, bool isBroadcast)
    {
        const int Escape = 0x62, Always = 4, Length512 = 2 << 5, Broadcast = 1 << 4;
        var extensions = (Bit(register >> 3) << 7) | (Bit(bit4) << 6) | (Bit(bit3) << 5) | (Bit(register >> 4) << 4);
        Bytes(
            Escape,
            (byte)((extensions ^ 0xF0) | map),
            (byte)(((~second & 15) << 3) | Always | prefix),
            (byte)(Length512 | (isBroadcast ? Broadcast : 0) | (Bit(~second >> 4) << 3)));
    }

    // Offsets of one byte count in units of what is read.
    private void ModRm(int register, Gpr from, int offset, int unit)
    {
        const int Offset8 = 1 << 6, Offset32 = 2 << 6;
        var (rest, low) = ((register & 7) << 3, (int)from & 7);
        var isShort = offset % unit == 0 && offset / unit is >= sbyte.MinValue and <= sbyte.MaxValue;
        Bytes((byte)((isShort ? Offset8 : Offset32) | rest | low));
        if (isShort) Bytes((byte)(offset / unit));
        else Int32(offset);
    }

    private void Rex(bool isWide, int register, Gpr from)
    {
        const int Rex = 0x40, Wide = 8;
        var prefix = Rex | (isWide ? Wide : 0) | (Bit(register >> 3) << 2) | Bit((int)from >> 3);
        if (prefix != Rex) Bytes((byte)prefix);
    }

    private void Int32(int value)
    {
        for (var shift = 0; shift < 32; shift += 8) Bytes((byte)(value >> shift));
    }

    private void Bytes(params ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes) _bytes.Add(b);
    }

    private static int Bit(int value) => value & 1;
}
