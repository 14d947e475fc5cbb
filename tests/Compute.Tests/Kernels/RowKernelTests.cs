using System.Runtime.Intrinsics;
using Minka.Compute.Kernels;

namespace Minka.Compute.Tests.Kernels;

/// <summary>Every width of every row kernel against its scalar twin; widths that the CPU lacks run emulated.</summary>
public unsafe class RowKernelTests
{
    public static TheoryData<int, int> Shapes
    {
        get
        {
            var shapes = new TheoryData<int, int>();
            foreach (var rows in (int[])[1, 3])
                foreach (var columns in (int[])[1, 2, 3, 5, 16, 31, 64, 100, 257]) shapes.Add(rows, columns);
            return shapes;
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Rms_norm_agrees_with_its_twin(int rows, int columns)
    {
        using var x = new NativeRows(rows, columns, 1);
        using var w = new NativeRows(1, columns, 2);
        using var expected = new NativeRows(rows, columns, 3);
        new RmsNorm(expected.Rows, x.Rows, w.Rows[0], columns, 1e-5f).RowsPlain(0, rows);

        foreach (var width in Width.All)
        {
            using var y = new NativeRows(rows, columns, 3);
            width.Run(new RmsNorm(y.Rows, x.Rows, w.Rows[0], columns, 1e-5f), 0, rows);
            Near.AssertEqual(expected.Values, y.Values, 1e-6);
            y.AssertGapsAreUntouched();
        }
    }

    [Fact]
    public void Rms_norm_of_3_and_4_has_a_root_mean_square_of_one()
    {
        using var x = new NativeRows(1, 2, 1);
        using var w = new NativeRows(1, 2, 2);
        (x.Rows[0][0], x.Rows[0][1]) = (3, 4);
        (w.Rows[0][0], w.Rows[0][1]) = (1, 10);

        new RmsNorm(x.Rows, x.Rows, w.Rows[0], 2, 0).Rows<float, Lanes1>(0, 1);

        Assert.Equal(3 / MathF.Sqrt(12.5f), x.Rows[0][0], 1e-6f);
        Assert.Equal(40 / MathF.Sqrt(12.5f), x.Rows[0][1], 1e-5f);
    }

    [Theory, InlineData(1, 1), InlineData(4, 3), InlineData(64, 5), InlineData(80, 2)]
    public void Rms_norm_of_heads_norms_each_head_on_its_own(int headDim, int heads)
    {
        using var w = new NativeRows(1, headDim, 2);
        using var expected = new NativeRows(2, heads * headDim, 3);
        new RmsNorm(expected.Rows, expected.Rows, w.Rows[0], headDim, 1e-6f).RowsPlain(0, 2);

        foreach (var width in Width.All)
        {
            using var x = new NativeRows(2, heads * headDim, 3);
            width.Run(new RmsNorm(x.Rows, x.Rows, w.Rows[0], headDim, 1e-6f), 0, 2);
            Near.AssertEqual(expected.Values, x.Values, 1e-6);
            x.AssertGapsAreUntouched();
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void SwiGlu_agrees_with_its_twin(int rows, int columns)
    {
        using var gateUp = new NativeRows(rows, 2 * columns, 1, scale: 20);
        using var expected = new NativeRows(rows, columns, 3);
        new SwiGlu(expected.Rows, gateUp.Rows).RowsPlain(0, rows);

        foreach (var width in Width.All)
        {
            using var y = new NativeRows(rows, columns, 3);
            width.Run(new SwiGlu(y.Rows, gateUp.Rows), 0, rows);
            Near.AssertEqual(expected.Values, y.Values, 1e-6);
            y.AssertGapsAreUntouched();
        }
    }

    [Theory]
    [InlineData(-1e30f, 0), InlineData(-200, 0), InlineData(0, 0), InlineData(200, 200), InlineData(1e30f, 1e30f)]
    public void SwiGlu_of_an_extreme_gate_stays_a_number(float gate, float expected)
    {
        foreach (var width in Width.All)
        {
            using var gateUp = new NativeRows(1, 64, 1);
            using var y = new NativeRows(1, 32, 2);
            gateUp.Rows.Span(0)[..32].Fill(gate);
            gateUp.Rows.Span(0)[32..].Fill(1);

            width.Run(new SwiGlu(y.Rows, gateUp.Rows), 0, 1);

            Assert.All(y.Values[0], value => Assert.Equal(expected, value, 1e-3f));
        }
    }

    [Theory]
    [InlineData(2, 2, 1, RopePairs.Adjacent), InlineData(2, 2, 3, RopePairs.Halves)]
    [InlineData(64, 64, 3, RopePairs.Adjacent), InlineData(64, 64, 3, RopePairs.Halves)]
    [InlineData(80, 20, 2, RopePairs.Adjacent), InlineData(80, 20, 2, RopePairs.Halves)]
    [InlineData(36, 34, 2, RopePairs.Adjacent), InlineData(36, 34, 2, RopePairs.Halves)]
    public void Rope_agrees_with_its_twin(int headDim, int rotated, int heads, RopePairs pairs)
    {
        using var rotations = new NativeRows(3, rotated, 1);
        using var expected = new NativeRows(3, heads * headDim, 2);
        new Rope(expected.Rows, rotations.Rows, headDim, pairs).RowsPlain(0, 3);

        foreach (var width in Width.All)
        {
            using var x = new NativeRows(3, heads * headDim, 2);
            width.Run(new Rope(x.Rows, rotations.Rows, headDim, pairs), 0, 3);
            Near.AssertEqual(expected.Values, x.Values, 1e-6);
            x.AssertGapsAreUntouched();
        }
    }

    [Fact]
    public void Rope_by_a_quarter_turn_exchanges_the_two_dimensions_of_a_pair()
    {
        using var x = new NativeRows(2, 4, 1);
        using var rotations = new NativeRows(2, 4, 1);
        for (var row = 0; row < 2; row++)
        {
            float[] quarter = [0, 1, 1, 0];       // cosines 0 and 1, sines 1 and 0: only the first pair turns
            float[] head = [1, 2, 3, 4];
            quarter.CopyTo(rotations.Rows.Span(row));
            head.CopyTo(x.Rows.Span(row));
        }

        new Rope(x.Rows, rotations.Rows, 4, RopePairs.Halves).Rows<Vector128<float>, Lanes128>(0, 1);
        new Rope(x.Rows, rotations.Rows, 4, RopePairs.Adjacent).Rows<Vector128<float>, Lanes128>(1, 2);

        Assert.Equal([-3, 2, 1, 4], x.Values[0]);
        Assert.Equal([-2, 1, 3, 4], x.Values[1]);
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Adding_agrees_with_its_twin(int rows, int columns)
    {
        foreach (var isOneRow in (bool[])[false, true])
        {
            using var x = new NativeRows(rows, columns, 1);
            using var expected = new NativeRows(rows, columns, 2);
            using var y = new NativeRows(rows, columns, 2);

            new Adding(expected.Rows, x.Rows, isOneRow).RowsPlain(0, rows);
            RowKernels.Rows(new Adding(y.Rows, x.Rows, isOneRow), 0, rows);

            Near.AssertSameBits(expected.Values, y.Values);
            y.AssertGapsAreUntouched();
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Scattering_agrees_with_its_twin(int rows, int columns)
    {
        int[] targets = [.. ((int[])[4, 0, 4]).Take(rows)];
        float[] shares = [.. ((float[])[0.5f, -1, 0.3f]).Take(rows)];
        using var x = new NativeRows(rows, columns, 1);
        using var expected = new NativeRows(5, columns, 2);
        using var y = new NativeRows(5, columns, 2);

        new RowScatter(expected.Rows, x.Rows, targets, shares).RowsPlain();
        var scatter = new RowScatter(y.Rows, x.Rows, targets, shares);
        for (var strip = scatter.Strips; strip > 0; strip--) RowKernels.Rows(scatter, strip - 1, strip);

        Near.AssertEqual(expected.Values, y.Values, 1e-6);
        Near.AssertSameBits([expected.Values[1], expected.Values[3]], [y.Values[1], y.Values[3]]);
        y.AssertGapsAreUntouched();
    }

    [Fact]
    public void Routing_takes_the_highest_scores_and_the_first_of_equal_ones()
    {
        // e^0, e^ln 2, e^ln 2, e^ln 4, e^ln 1: shares of 10 in all, and of 6 among the two best.
        float[] scores = [0, MathF.Log(2), MathF.Log(2), MathF.Log(4), 0];

        var (chosen, shares) = Route(scores, 2, isNormalized: false);
        var (_, normalized) = Route(scores, 2, isNormalized: true);

        Assert.Equal([3, 1], chosen);
        Assert.Equal([0.4f, 0.2f], shares.Select(share => MathF.Round(share, 6)));
        Assert.Equal([0.666667f, 0.333333f], normalized.Select(share => MathF.Round(share, 6)));
    }

    [Fact]
    public void Routing_chooses_other_columns_even_where_scores_are_no_numbers()
    {
        var (chosen, _) = Route([float.NaN, float.NaN, float.PositiveInfinity, float.NegativeInfinity], 3, true);

        Assert.Equal(3, chosen.Distinct().Count());
        Assert.All(chosen, expert => Assert.InRange(expert, 0, 3));
    }

    [Fact]
    public void Routing_of_extreme_scores_stays_a_number()
    {
        var (chosen, shares) = Route([-1e30f, 1e30f, 3e38f, -3e38f], 4, isNormalized: true);

        Assert.Equal([2, 1, 0, 3], chosen);
        Assert.Equal([1f, 0, 0, 0], shares);
    }

    private static (int[] Chosen, float[] Shares) Route(float[] scores, int active, bool isNormalized)
    {
        using var rows = new NativeRows(1, scores.Length, 1);
        scores.CopyTo(rows.Rows.Span(0));
        var (chosen, shares) = (new int[active], new float[active]);
        RowKernels.Rows(new ExpertRouting(chosen, shares, rows.Rows, active, isNormalized), 0, 1);
        return (chosen, shares);
    }

    [Fact]
    public void A_row_does_not_depend_on_the_others_or_on_where_it_lies()
    {
        using var x = new NativeRows(5, 2 * 333, 1);
        using var together = new NativeRows(5, 333, 2);
        using var alone = new NativeRows(5, 333, 2);

        RowKernels.Rows(new SwiGlu(together.Rows, x.Rows), 0, 5);
        for (var row = 4; row >= 0; row--) RowKernels.Rows(new SwiGlu(alone.Rows, x.Rows), row, row + 1);

        Near.AssertSameBits(together.Values, alone.Values);
    }

    [Fact]
    public void Halves_widen_to_the_same_numbers_in_every_width()
    {
        var halves = stackalloc ushort[16];
        var floats = stackalloc float[16];
        for (var first = 0; first < 0x7C00; first += 8)
        {
            for (var i = 0; i < 16; i++) halves[i] = (ushort)(first + i / 2 | (i % 2 == 0 ? 0 : 0x8000));
            foreach (var width in Width.All)
            {
                width.Widen(halves, floats);
                for (var i = 0; i < 16; i++)
                    Assert.Equal((float)BitConverter.UInt16BitsToHalf(halves[i]), floats[i]);
            }
        }
    }

    [Fact]
    public void Powers_of_two_are_exact_at_whole_numbers_and_close_between()
    {
        foreach (var width in Width.All)
        {
            Assert.Equal(1f, width.Power2(0));
            Assert.Equal(8f, width.Power2(3));
            Assert.Equal(0.25f, width.Power2(-2));
            Assert.Equal(0f, width.Power2(float.NegativeInfinity));
            Assert.Equal(0f, width.Power2(-1e30f));
            for (var x = -124.9f; x < 122; x += 0.0371f)
                Assert.InRange(width.Power2(x) / Math.Pow(2, x), 1 - 3e-7, 1 + 3e-7);
        }
    }

    /// <summary>One width of registers as a value.</summary>
    private abstract class Width
    {
        public static IReadOnlyList<Width> All { get; } =
        [
            new Width<float, Lanes1>(),
            new Width<Vector128<float>, Lanes128>(),
            new Width<Vector256<float>, Lanes256>(),
            new Width<Vector512<float>, Lanes512>(),
        ];

        public abstract void Run<TKernel>(TKernel kernel, int start, int end)
            where TKernel : struct, IRowKernel;

        public abstract void Widen(ushort* halves, float* floats);

        public abstract float Power2(float x);
    }

    private sealed class Width<V, L> : Width
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        public override void Run<TKernel>(TKernel kernel, int start, int end) => kernel.Rows<V, L>(start, end);

        public override void Widen(ushort* halves, float* floats)
        {
            for (var i = 0; i < 16; i += L.Count) L.Store(floats + i, L.LoadHalves(halves + i));
        }

        public override float Power2(float x) => L.Sum(Exponential.Power2<V, L>(L.Broadcast(x))) / L.Count;
    }
}
