using Minka.Compute.Cpu;
using Minka.Compute.Kernels.Code;

namespace Minka.Compute.Tests.Kernels.Code;

/// <summary>Bytes as GNU as 2.40 writes them.</summary>
public unsafe class AssemblerTests
{
    private static readonly (string Instruction, string Bytes, Action<Assembler> Write)[] Vectors =
    [
        ("vpdpbusd zmm10, zmm3, [rdx+12]{1to16}", "62 72 65 58 50 52 03", c => c.DotBytes(10, 3, Lanes(Gpr.Rdx, 12))),
        ("vpdpbusd zmm31, zmm17, [rdx+1004]{1to16}", "62 62 75 50 50 ba ec 03 00 00",
            c => c.DotBytes(31, 17, Lanes(Gpr.Rdx, 1004))),
        ("vpdpbusd zmm1, zmm2, zmm30", "62 92 6d 48 50 ce", c => c.DotBytes(1, 2, 30)),
        ("vpaddd zmm10, zmm10, zmm12", "62 51 2d 48 fe d4", c => c.AddWords(10, 10, 12)),
        ("vpmulld zmm10, zmm10, [rdi+68]{1to16}", "62 72 2d 58 40 57 11",
            c => c.MultiplyWords(10, 10, Lanes(Gpr.Rdi, 68))),
        ("vpandd zmm4, zmm4, [rdi+56]{1to16}", "62 f1 5d 58 db 67 0e", c => c.And(4, 4, Lanes(Gpr.Rdi, 56))),
        ("vpord zmm21, zmm7, zmm10", "62 c1 45 48 eb ea", c => c.Or(21, 7, 10)),
        ("vpxord zmm31, zmm31, zmm31", "62 01 05 40 ef ff", c => c.Clear(31)),
        ("vpsrld zmm7, zmm3, 4", "62 f1 45 48 72 d3 04", c => c.ShiftRight(7, 3, 4)),
        ("vpslld zmm10, zmm26, 4", "62 91 2d 48 72 f2 04", c => c.ShiftLeft(10, 26, 4)),
        ("vcvtdq2ps zmm10, zmm26", "62 11 7c 48 5b d2", c => c.ToSingle(10, 26)),
        ("vcvtph2ps zmm8, [rax+32]", "62 72 7d 48 13 40 01", c => c.LoadHalves(8, new Place(Gpr.Rax, 32))),
        ("vcvtph2ps zmm8, [rax+4100]", "62 72 7d 48 13 80 04 10 00 00",
            c => c.LoadHalves(8, new Place(Gpr.Rax, 4100))),
        ("vcvtps2ph [rsi+32], zmm5, 0", "62 f3 7d 48 1d 6e 01 00", c => c.StoreHalves(Gpr.Rsi, 32, 5)),
        ("vminps zmm1, zmm2, zmm19", "62 b1 6c 48 5d cb", c => c.Min(1, 2, 19)),
        ("vmaxps zmm17, zmm1, zmm2", "62 e1 74 48 5f ca", c => c.Max(17, 1, 2)),
        ("vmulps zmm10, zmm10, [rdx+44]{1to16}", "62 71 2c 58 59 52 0b", c => c.Multiply(10, 10, Lanes(Gpr.Rdx, 44))),
        ("vaddps zmm14, zmm14, zmm30", "62 11 0c 48 58 f6", c => c.Add(14, 14, 30)),
        ("vfmadd231ps zmm16, zmm10, zmm8", "62 c2 2d 48 b8 c0", c => c.MultiplyAdd(16, 10, 8)),
        ("vfmadd231ps zmm16, zmm9, [rdx+4]{1to16}", "62 e2 35 58 b8 42 01",
            c => c.MultiplyAdd(16, 9, Lanes(Gpr.Rdx, 4))),
        ("vfmsub132ps zmm13, zmm14, [rdx+88]{1to16}", "62 72 0d 58 9a 6a 16",
            c => c.MultiplySubtract(13, 14, Lanes(Gpr.Rdx, 88))),
        ("vbroadcastss zmm14, [rdx+516]", "62 72 7d 48 18 b2 04 02 00 00", c => c.Broadcast(14, Gpr.Rdx, 516)),
        ("vmovups zmm5, [rax+64]", "62 f1 7c 48 10 68 01", c => c.Load(5, Gpr.Rax, 64)),
        ("vmovups zmm5, [rax+100]", "62 f1 7c 48 10 a8 64 00 00 00", c => c.Load(5, Gpr.Rax, 100)),
        ("vmovups [r8+960], zmm31", "62 41 7c 48 11 78 0f", c => c.Store(Gpr.R8, 960, 31)),
    ];

    private static readonly (string Instruction, string Bytes, Action<Assembler> Write)[] Others =
    [
        ("prefetcht0 [rax+2304]", "0f 18 88 00 09 00 00", c => c.Prefetch(Gpr.Rax, 2304)),
        ("prefetcht0 [r9+64]", "41 0f 18 49 40", c => c.Prefetch(Gpr.R9, 64)),
        ("prefetcht1 [r11+4096]", "41 0f 18 93 00 10 00 00", c => c.PrefetchFar(Gpr.R11, 4096)),
        ("mov rax, [rdi+16]", "48 8b 47 10", c => c.Load(Gpr.Rax, Gpr.Rdi, 16)),
        ("mov r9, [rdi+32]", "4c 8b 4f 20", c => c.Load(Gpr.R9, Gpr.Rdi, 32)),
        ("add rdx, [rdi+40]", "48 03 57 28", c => c.Add(Gpr.Rdx, Gpr.Rdi, 40)),
        ("add rdx, 288", "48 81 c2 20 01 00 00", c => c.Add(Gpr.Rdx, 288)),
        ("add qword ptr [rdi+64], 256", "48 81 47 40 00 01 00 00", c => c.AddTo(Gpr.Rdi, 64, 256)),
        ("mov r10, 4", "49 c7 c2 04 00 00 00", c => c.Set(Gpr.R10, 4)),
        ("mov rsi, rdi", "48 8b f7", c => c.Set(Gpr.Rsi, Gpr.Rdi)),
        ("dec qword ptr [rdi+80]", "48 ff 4f 50", c => c.Decrement(Gpr.Rdi, 80)),
        ("dec rcx", "48 ff c9", c => c.Decrement(Gpr.Rcx)),
        ("dec r9", "49 ff c9", c => c.Decrement(Gpr.R9)),
        ("vzeroupper; ret", "c5 f8 77 c3", c => c.Return()),
    ];

    // The same with {vex3}: the longer of two ways to write some of them.
    private static readonly (string Instruction, string Bytes, Action<Assembler> Write)[] Vectors256 =
    [
        ("vpmaddubsw ymm13, ymm9, ymm14", "c4 42 35 04 ee", c => c.MultiplyPairs(Y(13), Y(9), Y(14))),
        ("vpmaddubsw ymm3, ymm9, ymm1", "c4 e2 35 04 d9", c => c.MultiplyPairs(Y(3), Y(9), Y(1))),
        ("vpmaddwd ymm7, ymm13, ymm15", "c4 c1 15 f5 ff", c => c.MultiplyWide(Y(7), Y(13), Y(15))),
        ("vpsignb ymm14, ymm12, ymm8", "c4 42 1d 08 f0", c => c.Sign(Y(14), Y(12), Y(8))),
        ("vpabsb ymm9, ymm8", "c4 42 7d 1c c8", c => c.Abs(Y(9), Y(8))),
        ("vpaddw ymm2, ymm2, ymm13", "c4 c1 6d fd d5", c => c.AddShorts(Y(2), Y(2), Y(13))),
        ("vpaddd ymm7, ymm7, ymm14", "c4 c1 45 fe fe", c => c.AddWords(Y(7), Y(7), Y(14))),
        ("vpand ymm8, ymm8, ymm15", "c4 41 3d db c7", c => c.And(Y(8), Y(8), Y(15))),
        ("vpxor ymm13, ymm13, ymm13", "c4 41 15 ef ed", c => c.Clear(Y(13))),
        ("vpsrld ymm9, ymm8, 4", "c4 c1 35 72 d0 04", c => c.ShiftRight(Y(9), Y(8), 4)),
        ("vcvtdq2ps ymm3, ymm3", "c4 e1 7c 5b db", c => c.ToSingle(Y(3), Y(3))),
        ("vcvtph2ps ymm11, [r10+16]", "c4 42 7d 13 5a 10", c => c.LoadHalves(Y(11), Gpr.R10, 16)),
        ("vmulps ymm3, ymm3, ymm12", "c4 c1 64 59 dc", c => c.Multiply(Y(3), Y(3), Y(12))),
        ("vfmsub213ps ymm5, ymm12, ymm13", "c4 c2 1d aa ed", c => c.MultiplySubtract(Y(5), Y(12), Y(13))),
        ("vfmadd231ps ymm5, ymm9, ymm13", "c4 c2 35 b8 ed", c => c.MultiplyAdd(Y(5), Y(9), Y(13))),
        ("vfmadd213ps ymm7, ymm10, [r11+224]", "c4 c2 2d a8 bb e0 00 00 00",
            c => c.MultiplyAddTo(Y(7), Y(10), Gpr.R11, 224)),
        ("vbroadcastss ymm12, [rdx+176]", "c4 62 7d 18 a2 b0 00 00 00", c => c.Broadcast(Y(12), Gpr.Rdx, 176)),
        ("vmovups ymm8, [rax+272]", "c4 61 7c 10 80 10 01 00 00", c => c.Load(Y(8), Gpr.Rax, 272)),
        ("vmovups [r8+32], ymm13", "c4 41 7c 11 68 20", c => c.Store(Gpr.R8, 32, Y(13))),
    ];

    private static IEnumerable<(string Instruction, string Bytes, Action<Assembler> Write)> All =>
        Vectors.Concat(Vectors256).Concat(Others);

    public static TheoryData<string> Instructions() => [.. All.Select(known => known.Instruction)];

    [Theory]
    [MemberData(nameof(Instructions))]
    public void An_instruction_has_the_bytes_that_another_assembler_gives_it(string instruction)
    {
        var (_, bytes, write) = All.Single(known => known.Instruction == instruction);
        var code = new Assembler();
        write(code);
        Assert.Equal(bytes, string.Join(' ', code.ToArray().Select(b => b.ToString("x2"))));
    }

    [Fact]
    public void A_jump_goes_back_to_where_it_is_told()
    {
        if (!MachineCode.IsAllowed) Assert.Skip("This system runs no code that is written at run time.");

        // Adds the five numbers behind the first two, which are the sum and how many there are.
        var code = new Assembler();
        code.Load(Gpr.Rcx, Gpr.Rdi, 8);
        code.Load(Gpr.Rax, Gpr.Rdi, 0);
        var start = code.Position;
        code.Add(Gpr.Rax, Gpr.Rdi, 16);
        code.Add(Gpr.Rdi, 8);
        code.Decrement(Gpr.Rcx);
        code.JumpIfNotZero(start);
        code.Return();
        Assert.True(MachineCode.TryPlace(code.ToArray(), out var function));

        var numbers = stackalloc long[] { 100, 5, 1, 2, 3, 4, 5, 1000 };
        Assert.Equal(115, ((delegate* unmanaged<long*, long>)function)(numbers));
    }

    private static Ymm Y(int number) => new(number);

    private static Place Lanes(Gpr from, int offset) => new(from, offset, IsBroadcast: true);
}
