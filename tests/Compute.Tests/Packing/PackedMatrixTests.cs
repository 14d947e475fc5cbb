using Minka.Compute.Cpu;
using Minka.Compute.Packing;
using Minka.Compute.Tests.MatMul;

namespace Minka.Compute.Tests.Packing;

public unsafe class PackedMatrixTests
{
    public static TheoryData<DType> Types => [.. Enum.GetValues<DType>()];

    [Theory]
    [MemberData(nameof(Types))]
    public void Rows_come_back_as_they_were_stored(DType type)
    {
        using var team = new ThreadTeam(2);
        var weights = MemoryWeights.Random(type, 37, 96, 1);

        using var packed = PackedMatrix.Pack([weights], null, team);

        var row = new float[96];
        for (var r = 0; r < 37; r++)
        {
            packed.DecodeRow(r, row);
            Assert.Equal(weights.Decode(r), row);
        }
    }

    [Fact]
    public void Whole_groups_take_no_more_bytes_than_the_file()
    {
        using var team = new ThreadTeam(1);
        var weights = MemoryWeights.Random(DType.Q4_0, 64, 128, 1);

        using var packed = PackedMatrix.Pack([weights], null, team);

        Assert.Equal(weights.Bytes.Length, packed.Bytes);
    }

    [Fact]
    public void Parts_of_any_formats_lie_one_below_the_other()
    {
        using var team = new ThreadTeam(2);
        using var scratch = new MatMulScratch(3, 64);
        MemoryWeights[] parts =
        [
            MemoryWeights.Random(DType.Q4_0, 5, 64, 1), MemoryWeights.Random(DType.Q4_0, 30, 64, 2),
            MemoryWeights.Random(DType.F16, 7, 64, 3), MemoryWeights.Random(DType.Q8_0, 18, 64, 4),
        ];
        var x = MatMulContract.Activations(3, 64);

        using var packed = PackedMatrix.Pack(parts, null, team);
        var together = MatMulContract.Multiply(packed, team, x, 3, scratch);

        Assert.Equal(60, packed.Rows);
        Assert.Equal(3, packed.Segments.Length);
        var first = 0;
        var row = new float[64];
        foreach (var part in parts)
        {
            using var alone = PackedMatrix.Pack([part], null, team);
            var expected = MatMulContract.Multiply(alone, team, x, 3, scratch);
            for (var t = 0; t < 3; t++)
                Assert.Equal(expected.AsSpan(t * part.Rows, part.Rows), together.AsSpan((t * 60) + first, part.Rows));
            packed.DecodeRow(first + part.Rows - 1, row);
            Assert.Equal(part.Decode(part.Rows - 1), row);
            first += part.Rows;
        }
    }

    [Theory]
    [InlineData(DType.F32, DType.Q8_0)]
    [InlineData(DType.F16, DType.Q4_0)]
    [InlineData(DType.Q4_1, DType.F32)]
    [InlineData(DType.BF16, DType.BF16)]
    public void Weights_are_converted_while_they_are_packed(DType from, DType to)
    {
        using var team = new ThreadTeam(2);
        var weights = MemoryWeights.Random(from, 20, 64, 1);
        var expected = new byte[to.RowBytes(64)];
        var row = new float[64];

        using var packed = PackedMatrix.Pack([weights], to, team);

        for (var r = 0; r < 20; r++)
        {
            Compute.Formats.BlockFormats.Of(to).Encode(weights.Decode(r), expected);
            var decoded = new float[64];
            Compute.Formats.BlockFormats.Of(to).Decode(expected, decoded);
            packed.DecodeRow(r, row);
            Assert.Equal(decoded, row);
        }
    }

    [Fact]
    public void Results_are_written_only_where_they_belong()
    {
        using var team = new ThreadTeam(2);
        using var scratch = new MatMulScratch(3, 32);
        using var packed = PackedMatrix.Pack([MemoryWeights.Random(DType.Q4_0, 21, 32, 1)], null, team);
        var x = MatMulContract.Activations(3, 40);
        var y = new float[3 * 30];
        Array.Fill(y, 9f);

        fixed (float* from = x, to = y) packed.Multiply(team, from, 40, 3, to, 30, scratch);

        for (var t = 0; t < 3; t++)
        {
            Assert.All(y[(t * 30)..((t * 30) + 21)], v => Assert.InRange(MathF.Abs(v), 1e-6f, 2));
            Assert.All(y[((t * 30) + 21)..((t + 1) * 30)], v => Assert.Equal(9f, v));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(40)]
    public void Every_row_is_computed_once_whoever_takes_it(int tokens)
    {
        using var alone = new ThreadTeam(1);
        using var scratch = new MatMulScratch(tokens, 256);
        MemoryWeights[] parts =
        [
            MemoryWeights.Random(DType.Q4_0, 9001, 256, 1), MemoryWeights.Random(DType.F32, 70, 256, 2),
            MemoryWeights.Random(DType.Q8_0, 2050, 256, 3),
        ];
        using var packed = PackedMatrix.Pack(parts, null, alone);
        var x = MatMulContract.Activations(tokens, 256);
        var expected = MatMulContract.Multiply(packed, alone, x, tokens, scratch);

        foreach (var size in (int[])[2, 3, 7])
        {
            using var team = new ThreadTeam(size);
            var y = new float[tokens * packed.Rows];
            Array.Fill(y, float.NaN);
            fixed (float* from = x, to = y) packed.Multiply(team, from, 256, tokens, to, packed.Rows, scratch);
            Assert.Equal(expected, y);
        }
    }

    [Fact]
    public void A_product_allocates_nothing()
    {
        using var team = new ThreadTeam(2);
        using var scratch = new MatMulScratch(40, 64);
        using var packed = PackedMatrix.Pack([MemoryWeights.Random(DType.Q4_0, 21, 64, 1)], null, team);
        var x = MatMulContract.Activations(40, 64);
        var y = new float[40 * 21];
        fixed (float* from = x, to = y)
        {
            packed.Multiply(team, from, 64, 40, to, 21, scratch);
            packed.Multiply(team, from, 64, 1, to, 21, scratch);
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 50; i++)
            {
                packed.Multiply(team, from, 64, 40, to, 21, scratch);
                packed.Multiply(team, from, 64, 1, to, 21, scratch);
            }
            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }
    }

    [Fact]
    public void Progress_adds_up_to_the_bytes_of_the_sources()
    {
        using var team = new ThreadTeam(2);
        var weights = MemoryWeights.Random(DType.Q8_0, 50, 64, 1);
        long read = 0;

        using var packed = PackedMatrix.Pack([weights, weights], null, team, bytes => Interlocked.Add(ref read, bytes));

        Assert.Equal(2 * weights.Bytes.Length, read);
    }

    [Fact]
    public void An_infinite_scale_is_refused_by_name()
    {
        using var team = new ThreadTeam(1);
        var weights = MemoryWeights.Random(DType.Q4_0, 3, 32, 1);
        BitConverter.TryWriteBytes(weights.Bytes.AsSpan(18), Half.PositiveInfinity);

        var error = Assert.Throws<InvalidDataException>(() => PackedMatrix.Pack([weights], null, team));

        Assert.StartsWith("'random Q4_0' holds an infinity or NaN", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_of_unequal_width_are_refused()
    {
        using var team = new ThreadTeam(1);
        var error = Assert.Throws<ArgumentException>(() => PackedMatrix.Pack(
            [MemoryWeights.Random(DType.F32, 2, 32, 1), MemoryWeights.Random(DType.F32, 2, 64, 1)], null, team));

        Assert.Equal("'random F32' is 2 x 64; parts of one matrix need rows of 32 values.", error.Message);
    }

    [Fact]
    public void Rows_that_no_block_divides_cannot_be_converted_to_blocks()
    {
        using var team = new ThreadTeam(1);
        Assert.Throws<ArgumentException>(
            () => PackedMatrix.Pack([MemoryWeights.Random(DType.F32, 2, 40, 1)], DType.Q8_0, team));
    }
}
