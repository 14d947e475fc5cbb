using System.Runtime.Intrinsics;
using Minka.Compute.Cpu;
using Minka.Compute.Kernels;

namespace Minka.Compute.Tests.Kernels;

public class PagedAttentionTests
{
    /// <summary>Query heads, key-value heads, head width, window.</summary>
    public static TheoryData<int, int, int, int, DType> Shapes => new()
    {
        { 1, 1, 8, 0, DType.F32 },
        { 4, 2, 20, 0, DType.F32 },
        { 3, 3, 64, 0, DType.F16 },
        { 8, 4, 32, 0, DType.F16 },
        { 4, 2, 40, 50, DType.F16 },
        { 9, 3, 64, 0, DType.F16 },
        { 8, 1, 80, 0, DType.F16 },
        { 4, 1, 96, 100, DType.F16 },
        { 4, 2, 33, 7, DType.F32 },
        { 71, 1, 16, 0, DType.F16 },
        { 16, 2, 64, 600, DType.F16 },
        { 12, 2, 32, 0, DType.Q8_0 },
        { 4, 2, 64, 0, DType.Q8_0 },
        { 5, 1, 32, 130, DType.Q8_0 },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void Every_width_agrees_with_the_scalar_twin(int heads, int kvHeads, int width, int window, DType type)
    {
        using var backend = new CpuBackend(new() { Threads = 2 });
        using var attention = new AttentionCase(backend, new(0, kvHeads, width, type), heads, window,
            [(0, 1), (70, 1), (0, 17), (530, 1), (60, 37), (1100, 3)]);
        var expected = attention.Plainly();

        Near.AssertEqual(expected, attention.Together(), 2e-6);
        Near.AssertEqual(expected, attention.WithLanes<float, Lanes1>(), 2e-6);
        Near.AssertEqual(expected, attention.WithLanes<Vector128<float>, Lanes128>(), 2e-6);
        Near.AssertEqual(expected, attention.WithLanes<Vector256<float>, Lanes256>(), 2e-6);
        Near.AssertEqual(expected, attention.WithLanes<Vector512<float>, Lanes512>(), 2e-6);
    }

    [Theory, MemberData(nameof(Shapes))]
    public void A_row_has_the_same_bits_alone_in_any_chunk_and_among_any_neighbours(
        int heads, int kvHeads, int width, int window, DType type)
    {
        using var backend = new CpuBackend(new() { Threads = 3 });
        using var attention = new AttentionCase(backend, new(0, kvHeads, width, type), heads, window,
            [(40, 5), (0, 600), (7, 1), (1000, 30)]);
        var together = attention.Together();

        Near.AssertSameBits(together[..5], attention.Alone(0, 0, 5));
        Near.AssertSameBits(together[5..605], [.. Chunks(attention, 1, 600, 77)]);
        Near.AssertSameBits(together[605..606], attention.Alone(2, 0, 1));
        Near.AssertSameBits(together[606..], [.. Chunks(attention, 3, 30, 1)]);
    }

    /// <summary>Query heads, key-value heads, head width, window.</summary>
    public static TheoryData<int, int, int, int> ShapesByCode => new()
    {
        { 8, 4, 32, 0 },
        { 3, 3, 32, 0 },
        { 9, 3, 64, 0 },
        { 5, 5, 64, 90 },
        { 6, 3, 64, 0 },
        { 16, 4, 128, 0 },
        { 12, 2, 96, 600 },
        { 7, 1, 32, 0 },
        { 16, 2, 256, 0 },
    };

    [Theory, MemberData(nameof(ShapesByCode))]
    public void Functions_written_at_run_time_give_the_same_bits(int heads, int kvHeads, int width, int window)
    {
        if (!CodeAttention.IsSupported) Assert.Skip($"{InstructionTiers.Reason} Nothing is written at run time.");
        using var backend = new CpuBackend(new() { Threads = 2 });
        using var attention = new AttentionCase(backend, new(0, kvHeads, width, DType.F16), heads, window,
            [(0, 1), (15, 1), (16, 1), (40, 1), (63, 1), (64, 1), (200, 2), (530, 1), (1100, 3), (1135, 1)]);

        var byCode = attention.Together();

        Assert.True(CodeAttention.TryFind((heads / kvHeads + 1) / 2 * 2, width, out _));
        Near.AssertSameBits(attention.WithLanes<Vector512<float>, Lanes512>(), byCode);
    }

    [Fact]
    public void Shapes_that_no_function_is_written_for_are_none()
    {
        Assert.False(CodeAttention.TryFind(4, 80, out _));
        Assert.False(CodeAttention.TryFind(4, 512, out _));
        Assert.False(CodeAttention.TryFind(10, 64, out _));
    }

    [Theory, InlineData(4), InlineData(32)]
    public void What_is_too_large_for_a_half_or_no_number_stays_finite(int width)
    {
        using var backend = new CpuBackend(new() { Threads = 1 });
        using var kv = backend.AllocateKv(new(1, 1, width, DType.F16));
        Tensor key = backend.Allocate(1, width).All, value = backend.Allocate(1, width).All;
        Tensor query = backend.Allocate(1, width).All, y = backend.Allocate(1, width).All;
        backend.Host(query).Fill(1);
        ((float[])[float.PositiveInfinity, -1e9f, float.NaN, 65504]).CopyTo(backend.Host(key));
        ((float[])[1e6f, float.NegativeInfinity, -65504, 2]).CopyTo(backend.Host(value));
        backend.WriteKv(kv, key, value, [0]);

        backend.Attention(y, query, kv, new(1, 1), new([0, 1], [0], [0, 1], [0]));

        Assert.Equal([65504, -65504, -65504, 2], backend.Host(y)[..4].ToArray());
    }

    [Theory, InlineData(2, 8, 2, 64), InlineData(5, 8, 2, 64), InlineData(5, 8, 4, 32), InlineData(5, 9, 3, 20)]
    public void The_number_of_threads_changes_no_bit(int threads, int heads, int kvHeads, int width)
    {
        (int, int)[] sequences = [(3000, 1), (0, 200), (900, 4), (70, 1)];
        KvShape shape = new(0, kvHeads, width, DType.F16);
        using var one = new CpuBackend(new() { Threads = 1 });
        using var many = new CpuBackend(new() { Threads = threads });
        using var alone = new AttentionCase(one, shape, heads, 0, sequences);
        using var shared = new AttentionCase(many, shape, heads, 0, sequences);

        Near.AssertSameBits(alone.Together(), shared.Together());
    }

    [Fact]
    public void A_query_equal_to_one_long_key_returns_that_keys_value()
    {
        using var backend = new CpuBackend(new() { Threads = 1 });
        using var kv = backend.AllocateKv(new(1, 1, 2, DType.F32));
        Tensor keys = backend.Allocate(3, 2).All, values = backend.Allocate(3, 2).All;
        ((float[])[100, 0, 0, 100, -100, 0]).CopyTo(backend.Host(keys));
        ((float[])[1, 2, 3, 4, 5, 6]).CopyTo(backend.Host(values));
        backend.WriteKv(kv, keys, values, [0, 1, 2]);
        Tensor query = backend.Allocate(1, 2).All, y = backend.Allocate(1, 2).All;
        ((float[])[0, 10]).CopyTo(backend.Host(query));

        backend.Attention(y, query, kv, new(1, 1), new([0, 1], [2], [0, 1], [0]));

        Assert.Equal([3, 4], backend.Host(y).ToArray());
    }

    [Fact]
    public void The_first_token_of_a_sequence_returns_its_own_value()
    {
        using var backend = new CpuBackend(new() { Threads = 1 });
        using var kv = backend.AllocateKv(new(2, 1, 3, DType.F16));
        Tensor row = backend.Allocate(1, 3).All, y = backend.Allocate(1, 3).All;
        ((float[])[0.5f, -2, 8]).CopyTo(backend.Host(row));
        backend.WriteKv(kv, row, row, [16]);

        backend.Attention(y, row, kv, new(1, 0.7f), new([0, 1], [0], [0, 1], [1]));

        Assert.Equal([0.5f, -2, 8], backend.Host(y).ToArray());
    }

    [Fact]
    public void A_layout_that_points_outside_the_cache_is_refused()
    {
        using var backend = new CpuBackend(new() { Threads = 1 });
        using var kv = backend.AllocateKv(new(2, 1, 4, DType.F16));
        Tensor q = backend.Allocate(1, 4).All, y = backend.Allocate(1, 4).All;

        Assert.Throws<ArgumentOutOfRangeException>(
            () => backend.Attention(y, q, kv, new(1, 1), new([0, 1], [0], [0, 1], [2])));
        Assert.Throws<ArgumentException>(
            () => backend.Attention(y, q, kv, new(1, 1), new([0, 1], [16], [0, 1], [0])));
        Assert.Throws<ArgumentException>(
            () => backend.Attention(y, q, kv, new(1, 1), new([0, 2], [0], [0, 1], [0])));
        Assert.Throws<ArgumentOutOfRangeException>(() => backend.WriteKv(kv, q, q, [32]));
        Assert.Throws<ArgumentOutOfRangeException>(() => backend.CopyKvBlock(kv, 0, 2));
    }

    [Fact]
    public void A_q8_0_cache_of_heads_that_are_no_multiple_of_32_is_refused_in_words()
    {
        using var backend = new CpuBackend(new() { Threads = 1 });

        var error = Assert.Throws<ArgumentException>(() => backend.AllocateKv(new(1, 1, 80, DType.Q8_0)));

        Assert.Contains("80", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_copied_block_gives_the_same_attention()
    {
        using var backend = new CpuBackend(new() { Threads = 1 });
        using var attention = new AttentionCase(backend, new(0, 2, 64, DType.F16), 4, 0, [(10, 1)]);
        var expected = attention.Together();
        var from = attention.Layout.Blocks[0];
        var to = (from + 1) % attention.Kv.Shape.Blocks;

        backend.CopyKvBlock(attention.Kv, from, to);
        attention.MoveBlock(0, to);

        Near.AssertSameBits(expected, attention.Together());
    }

    private static IEnumerable<float[]> Chunks(AttentionCase attention, int sequence, int rows, int size)
    {
        for (var first = 0; first < rows; first += size)
            foreach (var row in attention.Alone(sequence, first, Math.Min(size, rows - first))) yield return row;
    }
}
