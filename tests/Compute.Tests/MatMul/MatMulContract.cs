using Minka.Compute.Cpu;
using Minka.Compute.Kernels.MatMul;
using Minka.Compute.Packing;
using Minka.Compute.Tests.Packing;

namespace Minka.Compute.Tests.MatMul;

/// <summary>Every format on every tier of this process against the scalar specification.</summary>
public unsafe class MatMulContract
{
    // Odd numbers of rows, one block and many, whole groups and one row.
    private static readonly (int Rows, int Columns)[] Shapes = [(1, 32), (16, 64), (37, 96), (40, 64), (33, 1056)];
    private static readonly int[] TokenCounts = [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 32, 33, 67];

    public static TheoryData<DType, string> Cases()
    {
        var cases = new TheoryData<DType, string>();
        foreach (var type in Enum.GetValues<DType>())
            foreach (var tier in InstructionTiers.Supported) cases.Add(type, tier.ToString());
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_tier_agrees_with_the_specification(DType type, string tier)
    {
        using var team = new ThreadTeam(2);
        foreach (var (rows, columns) in Shapes)
        {
            var weights = MemoryWeights.Random(type, rows, columns, rows + columns);
            using var specification = PackedMatrix.Pack([weights], null, team, null, InstructionTier.Scalar);
            using var packed = PackedMatrix.Pack([weights], null, team, null, Enum.Parse<InstructionTier>(tier));
            using var scratch = new MatMulScratch(67, columns);
            var x = Activations(67, columns);

            var expected = Multiply(specification, team, x, 67, scratch);
            var actual = Multiply(packed, team, x, 67, scratch);

            for (var i = 0; i < expected.Length; i++)
                Assert.True(
                    MathF.Abs(expected[i] - actual[i]) <= 2e-6f * MathF.Sqrt(columns),
                    $"{tier} {rows}x{columns}: {actual[i]} at token {i / rows} row {i % rows}, not {expected[i]}.");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_token_gets_the_same_bits_whatever_is_computed_beside_it(DType type, string tier)
    {
        using var alone = new ThreadTeam(1);
        using var team = new ThreadTeam(3);
        foreach (var (rows, columns) in Shapes)
        {
            var weights = MemoryWeights.Random(type, rows, columns, 5);
            using var packed = PackedMatrix.Pack([weights], null, team, null, Enum.Parse<InstructionTier>(tier));
            using var scratch = new MatMulScratch(67, columns);
            var x = Activations(67, columns);
            var oneByOne = new float[67 * rows];
            for (var t = 0; t < 67; t++)
                Multiply(packed, alone, x[(t * columns)..((t + 1) * columns)], 1, scratch).CopyTo(oneByOne, t * rows);

            foreach (var tokens in TokenCounts)
                foreach (var members in (ThreadTeam[])[alone, team])
                    Assert.Equal(
                        oneByOne.AsSpan(0, tokens * rows), Multiply(packed, members, x, tokens, scratch).AsSpan());
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_product_is_close_to_that_of_the_exact_numbers(DType type, string tier)
    {
        const int Rows = 19, Columns = 320;
        using var team = new ThreadTeam(1);
        var weights = MemoryWeights.Random(type, Rows, Columns, 3);
        using var packed = PackedMatrix.Pack([weights], null, team, null, Enum.Parse<InstructionTier>(tier));
        using var scratch = new MatMulScratch(1, Columns);
        var x = Activations(1, Columns);

        var actual = Multiply(packed, team, x, 1, scratch);

        for (var r = 0; r < Rows; r++)
        {
            var (row, exact, size) = (weights.Decode(r), 0d, 0d);
            for (var c = 0; c < Columns; c++)
                (exact, size) = (exact + ((double)row[c] * x[c]), size + Math.Pow(row[c] * x[c], 2));
            Assert.InRange(actual[r] - exact, -0.02 * Math.Sqrt(size), 0.02 * Math.Sqrt(size));
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_largest_integers_do_not_overflow(DType type, string tier)
    {
        // Weights at the ends of their range and activations at +-127 of a scale of 1.
        const int Rows = 17, Columns = 64;
        var bytes = new byte[Rows * type.RowBytes(Columns)];
        Array.Fill(bytes, type == DType.Q8_0 ? (byte)0x80 : (byte)0xFF);
        var (format, blockBytes) = (Compute.Formats.BlockFormats.Of(type), type.BlockBytes());
        if (!MatMulKernels.Of(type, InstructionTier.Scalar).IsQuantized) return;
        for (var block = 0; block < bytes.Length; block += blockBytes)
            for (var h = 0; h < format.Halves; h++) BitConverter.TryWriteBytes(bytes.AsSpan(block + (2 * h)), (Half)1f);
        var weights = new MemoryWeights("extremes", type, Rows, Columns, bytes);
        using var team = new ThreadTeam(1);
        using var specification = PackedMatrix.Pack([weights], null, team, null, InstructionTier.Scalar);
        using var packed = PackedMatrix.Pack([weights], null, team, null, Enum.Parse<InstructionTier>(tier));
        const int Tokens = 7;
        using var scratch = new MatMulScratch(Tokens, Columns);
        var x = new float[Tokens * Columns];
        Array.Fill(x, 127, 0, 2 * Columns);
        Array.Fill(x, -127, 2 * Columns, 2 * Columns);
        for (var i = 4 * Columns; i < x.Length; i++) x[i] = (i & 1) == 0 ? 127 : -127;

        foreach (var tokens in (int[])[1, 3, 4, Tokens])
            Assert.Equal(Multiply(specification, team, x, tokens, scratch), Multiply(packed, team, x, tokens, scratch));
    }

    internal static float[] Multiply(PackedMatrix w, ThreadTeam team, float[] x, int tokens, MatMulScratch scratch)
    {
        var y = new float[tokens * w.Rows];
        fixed (float* from = x, to = y) w.Multiply(team, from, w.Columns, tokens, to, w.Rows, scratch);
        return y;
    }

    internal static float[] Activations(int tokens, int columns)
    {
        var random = new Random(11);
        var x = new float[tokens * columns];
        for (var i = 0; i < x.Length; i++) x[i] = (random.NextSingle() * 2) - 1;
        return x;
    }
}
