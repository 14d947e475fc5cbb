using Minka.Models.Loading;
using Minka.Models.Loading.Gguf;
using Minka.Models.Tests.Loading.Writers;

namespace Minka.Models.Tests.Loading.Gguf;

public sealed class GgufFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory, InlineData(2u, 32), InlineData(3u, 32), InlineData(3u, 8), InlineData(3u, 4096)]
    public void Tensors_are_found_where_they_lie(uint version, int alignment)
    {
        var writer = new GgufWriter { Version = version, Alignment = alignment }
            .Add("general.alignment", (uint)alignment)
            .AddTensor("a", [3], 1, 2, 3).AddTensor("b", [2, 2], 4, 5, 6, 7).AddTensor("c", 2, [2, 32], new byte[36])
            .AddTensor("experts", 0, [2, 3, 4], new byte[96]);

        using var file = Open(writer.ToArray());

        Assert.Equal($"GGUF v{version}", file.Format);
        Assert.Equal(["a F32 [3] 12", "b F32 [2,2] 16", "c Q4_0 [2,32] 36", "experts F32 [2,3,4] 96"],
            file.Stored.Select(t => $"{t.Name} {t.Type} [{string.Join(",", t.Shape)}] {t.Bytes}"));
        Assert.True(file.TryFind("b", out var b));
        var row = new byte[8];
        b.ReadRows(1, 1, row);
        Assert.Equal((6f, 7f), (BitConverter.ToSingle(row, 0), BitConverter.ToSingle(row, 4)));
        Assert.True(file.TryFind("experts", out var experts));
        Assert.Equal((6, 4), (experts.Rows, experts.Columns));
        Assert.False(file.TryFind("d", out _));
    }

    [Fact]
    public void Every_cut_of_the_table_is_refused()
    {
        var bytes = new GgufWriter().Add("text", "value").Add("list", new[] { "x", "y" }).Add("n", 7)
            .AddTensor("a", [8], new float[8]).ToArray();

        for (var length = 1; length < bytes.Length; length++)
            Assert.Throws<ModelFormatException>(() => Open(bytes[..length]));
    }

    [Theory]
    [InlineData(4, 1, "version 1"), InlineData(4, 4, "version 4"), InlineData(4, 0x03000000, "big-endian")]
    [InlineData(8, 1_000_000_000, "tensors"), InlineData(16, 1_000_000_000, "metadata keys")]
    [InlineData(24, -1, "key 0"), InlineData(24, 65_536, "key 0")]
    public void A_lying_header_is_refused(int offset, int value, string because)
    {
        var bytes = new GgufWriter().Add("key", 1).AddTensor("a", [1], 1).ToArray();
        BitConverter.TryWriteBytes(bytes.AsSpan(offset), value);

        Refused(bytes, because);
    }

    [Fact]
    public void A_name_may_stand_once()
    {
        Refused(new GgufWriter().Add("key", 1).Add("key", 2).ToArray(), "'key' twice");
        Refused(new GgufWriter().AddTensor("a", [1], 1).AddTensor("a", [1], 1).ToArray(), "'a' twice");
    }

    [Theory]
    [InlineData(new long[] { 0 }), InlineData(new long[] { -1 }), InlineData(new long[] { 1, 1, 1, 1, 1 })]
    [InlineData(new long[0]), InlineData(new[] { long.MaxValue, long.MaxValue })]
    [InlineData(new long[] { 1 << 20, 1 << 20 }), InlineData(new[] { 1L << 62, 4 })]
    public void An_impossible_shape_is_refused(long[] shape) => Assert.Throws<ModelFormatException>(
        () => Open(new GgufWriter().AddTensor("a", 0, shape, new byte[16]).ToArray()));

    [Fact]
    public void A_row_must_hold_whole_blocks() =>
        Refused(new GgufWriter().AddTensor("a", 8, [2, 48], new byte[102]).ToArray(), "Q8_0 blocks of 32");

    [Fact]
    public void Tensors_may_neither_overlap_nor_lie_askew_nor_outside()
    {
        var bytes = new GgufWriter()
            .AddTensor("first", [8], new float[8]).AddTensor("second", [8], new float[8]).ToArray();
        var at = bytes.AsSpan().IndexOf("second"u8) + 6 + 4 + 8 + 4;

        Refused(With(0), "overlap");
        Refused(With(4), "multiple of 32");
        Refused(With(64), "cut short");
        Refused(With(long.MaxValue - 31), "cut short");

        byte[] With(long offset)
        {
            var copy = bytes.ToArray();
            BitConverter.TryWriteBytes(copy.AsSpan(at), offset);
            return copy;
        }
    }

    [Fact]
    public void Wherever_a_file_ends_early_it_is_said_to_be_cut_short()
    {
        var bytes = new GgufWriter().Add("a text", "words").Add("a list", new[] { "one", "two" })
            .AddTensor("first", [8], new float[8]).AddTensor("second", [8], new float[8]).ToArray();

        for (var length = 4; length < bytes.Length; length++) Refused(bytes[..length], "cut short");
    }

    [Theory, InlineData(0u), InlineData(3u), InlineData(1u << 21)]
    public void An_alignment_must_be_a_power_of_two(uint alignment) =>
        Refused(new GgufWriter().Add("general.alignment", alignment).ToArray(), "power of two");

    [Fact]
    public void Arrays_nest_to_a_depth()
    {
        object nested = new[] { 1 };
        for (var i = 0; i < 3; i++) nested = new[] { nested };
        using (Open(new GgufWriter().Add("deep", nested).ToArray())) { }

        Refused(new GgufWriter().Add("deep", new[] { nested }).ToArray(), "nests arrays");
    }

    [Fact]
    public void A_number_format_that_is_not_built_is_listed_but_not_given()
    {
        using var file = Open(new GgufWriter().AddTensor("a", 14, [256], new byte[210]).ToArray());

        Assert.Equal("Q6_K", file.Stored[0].Type);
        var e = Assert.Throws<UnsupportedModelException>(() => file.TryFind("a", out _));
        Assert.Equal("tensor type Q6_K", e.Feature);
        Assert.Throws<UnsupportedModelException>(
            () => Open(new GgufWriter().AddTensor("a", 99, [1], new byte[4]).ToArray()));
    }

    public void Dispose() => _folder.Dispose();

    private GgufFile Open(byte[] bytes) => GgufFile.Open(_folder.Write("model.gguf", bytes));

    private void Refused(byte[] bytes, string because)
    {
        var e = Assert.Throws<ModelFormatException>(() => Open(bytes));
        Assert.Contains(because, e.Message, StringComparison.Ordinal);
    }
}
