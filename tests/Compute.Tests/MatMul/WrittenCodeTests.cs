using Minka.Compute.Cpu;
using Minka.Compute.Kernels.MatMul;
using Minka.Compute.Packing;
using Minka.Compute.Tests.Packing;

namespace Minka.Compute.Tests.MatMul;

/// <summary>Kernels written at run time beside the C# ones of the same width.</summary>
public class WrittenCodeTests
{
    public static TheoryData<DType> Types() =>
        [.. Enum.GetValues<DType>().Where(type => MatMulKernels.Of(type, InstructionTier.Scalar).IsQuantized)];

    [Theory]
    [MemberData(nameof(Types))]
    public void Written_code_gives_the_bits_of_the_kernel_in_C_sharp(DType type)
    {
        const int Rows = 139, Columns = 544;
        if (!InstructionTiers.Supported.Contains(InstructionTier.Avx512Vnni))
            Assert.Skip("This process has no AVX-512 VNNI, or may not run code that is written at run time.");
        using var team = new ThreadTeam(2);
        using var scratch = new MatMulScratch(67, Columns);
        var weights = MemoryWeights.Random(type, Rows, Columns, 9);
        using var inSharp = PackedMatrix.Pack([weights], null, team, null, InstructionTier.Avx512);
        using var written = PackedMatrix.Pack([weights], null, team, null, InstructionTier.Avx512Vnni);
        foreach (var tokens in (int[])[.. Enumerable.Range(1, 35), 64, 67])
        {
            var x = MatMulContract.Activations(tokens, Columns);
            Assert.Equal(
                MatMulContract.Multiply(inSharp, team, x, tokens, scratch),
                MatMulContract.Multiply(written, team, x, tokens, scratch));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Weights_that_take_several_calls_give_the_bits_of_one_token(DType type)
    {
        const int Rows = 539, Columns = 1056;
        if (!InstructionTiers.Supported.Contains(InstructionTier.Avx2))
            Assert.Skip("This process has no AVX2.");
        using var team = new ThreadTeam(1);
        using var scratch = new MatMulScratch(4, Columns);
        var weights = MemoryWeights.Random(type, Rows, Columns, 11);
        using var packed = PackedMatrix.Pack([weights], null, team, null, InstructionTier.Avx2);
        Assert.True(packed.Bytes > PairCodeMatMul.CallBytesMax);
        var x = MatMulContract.Activations(4, Columns);
        float[] oneByOne = [.. Enumerable.Range(0, 4).SelectMany(t =>
            MatMulContract.Multiply(packed, team, x[(t * Columns)..((t + 1) * Columns)], 1, scratch))];

        foreach (var tokens in (int[])[2, 3, 4])
            Assert.Equal(
                oneByOne[..(tokens * Rows)],
                MatMulContract.Multiply(packed, team, x[..(tokens * Columns)], tokens, scratch));
    }
}
