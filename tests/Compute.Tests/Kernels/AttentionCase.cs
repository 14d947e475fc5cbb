using Minka.Compute.Cpu;
using Minka.Compute.Kernels;

namespace Minka.Compute.Tests.Kernels;

/// <summary>
/// Sequences with random queries, and caches that hold random keys and values in shuffled blocks; what lies in unused
/// slots is huge, so that a kernel that looks there is found out.
/// </summary>
internal sealed unsafe class AttentionCase : IDisposable
{
    private const int SpareBlocks = 3;
    private readonly CpuBackend _backend;
    private readonly Tensor _queries, _result;
    private readonly int[] _rowStarts, _positions, _blockStarts, _blocks;

    /// <param name="backend">Runs it.</param>
    /// <param name="shape">Heads, and how they are stored; the number of blocks is found here.</param>
    /// <param name="queryHeads">H.</param>
    /// <param name="window">0 sees all.</param>
    /// <param name="sequences">Tokens already there, and rows in this step.</param>
    /// <param name="seed">Of the numbers.</param>
    public AttentionCase(
        CpuBackend backend, KvShape shape, int queryHeads, int window, (int Past, int Rows)[] sequences, int seed = 1)
    {
        _backend = backend;
        var random = new Random(seed);
        _rowStarts = [.. Sums(sequences.Select(s => s.Rows))];
        _blockStarts = [.. Sums(sequences.Select(s => (s.Past + s.Rows + 15) / 16))];
        _positions = [.. sequences.SelectMany(s => Enumerable.Range(s.Past, s.Rows))];
        _blocks = [.. Enumerable.Range(0, _blockStarts[^1] + SpareBlocks)];
        random.Shuffle(_blocks);
        _blocks = _blocks[.._blockStarts[^1]];

        Options = new(queryHeads, 1 / MathF.Sqrt(shape.HeadDim), window);
        Kv = backend.AllocateKv(shape with { Blocks = _blockStarts[^1] + SpareBlocks });
        _queries = backend.Allocate(_rowStarts[^1], queryHeads * shape.HeadDim).All;
        _result = backend.Allocate(_rowStarts[^1], queryHeads * shape.HeadDim).All;
        foreach (ref var q in backend.Host(_queries)) q = (random.NextSingle() * 2 - 1) * 3;
        FillCache(random, sequences);
    }

    public AttentionOptions Options { get; }

    public KvLayer Kv { get; }

    public PagedLayout Layout => new(_rowStarts, _positions, _blockStarts, _blocks);

    /// <summary>All rows in one step.</summary>
    public float[][] Together()
    {
        _backend.Attention(_result, _queries, Kv, Options, Layout);
        return Result();
    }

    /// <summary>Rows <c>[first, first + count)</c> of a sequence as a step of their own.</summary>
    public float[][] Alone(int sequence, int first, int count)
    {
        var blocks = _blocks[_blockStarts[sequence].._blockStarts[sequence + 1]];
        var start = _rowStarts[sequence] + first;
        var queries = _backend.Allocate(count, _queries.Columns).All;
        var result = _backend.Allocate(count, _queries.Columns).All;
        _backend.Host(_queries).Slice(start * _queries.Columns, count * _queries.Columns)
            .CopyTo(_backend.Host(queries));
        _backend.Attention(result, queries, Kv, Options,
            new([0, count], _positions.AsSpan(start, count), [0, blocks.Length], blocks));
        return Split(_backend.Host(result), count);
    }

    /// <summary>All rows by the scalar twin.</summary>
    public float[][] Plainly()
    {
        FloatRows y = CpuStorage.RowsOf(_result), queries = CpuStorage.RowsOf(_queries);
        var pages = CpuKvLayer.PagesOf(Kv);
        switch (Kv.Shape.Type)
        {
            case DType.F16: PlainAttention.Run<KvF16>(y, queries, pages, Options, Layout); break;
            case DType.Q8_0: PlainAttention.Run<KvQ8_0>(y, queries, pages, Options, Layout); break;
            default: PlainAttention.Run<KvF32>(y, queries, pages, Options, Layout); break;
        }
        return Result();
    }

    /// <summary>All rows with one width of registers.</summary>
    public float[][] WithLanes<V, L>()
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        FloatRows y = CpuStorage.RowsOf(_result), queries = CpuStorage.RowsOf(_queries);
        var pages = CpuKvLayer.PagesOf(Kv);
        switch (Kv.Shape.Type)
        {
            case DType.F16: RunWith<KvF16, V, L>(y, queries, pages); break;
            case DType.Q8_0: RunWith<KvQ8_0, V, L>(y, queries, pages); break;
            default: RunWith<KvF32, V, L>(y, queries, pages); break;
        }
        return Result();
    }

    /// <summary>Lets an entry of the block table name another block.</summary>
    public void MoveBlock(int entry, int block) => _blocks[entry] = block;

    public void Dispose()
    {
        Kv.Dispose();
        _queries.Storage.Dispose();
        _result.Storage.Dispose();
    }

    private static IEnumerable<int> Sums(IEnumerable<int> counts)
    {
        var sum = 0;
        yield return 0;
        foreach (var count in counts) yield return sum += count;
    }

    private void RunWith<TFormat, V, L>(FloatRows y, FloatRows queries, KvPages pages)
        where TFormat : IKvFormat
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var shape = new AttentionShape(Options, pages.Heads, pages.HeadDim);
        _ = AttentionScratch.At(null, shape.QueriesMax, pages.HeadDim, out var bytes);
        using var scratch = new NativeBuffer(bytes);
        using var parts = new NativeBuffer((long)shape.PartsOf(Layout) * shape.PartFloats * sizeof(float));
        using var team = new ThreadTeam(1);
        var room = new AttentionRoom(scratch.Data, bytes, shape, pages.HeadDim, (float*)parts.Data);
        var attention = new PagedAttention<TFormat>(y, queries, pages, Options, Layout, team, room);
        var attending = new LanesJob<V, L, TFormat>(attention, isMerging: false);
        team.Run(ref attending);
        var merging = new LanesJob<V, L, TFormat>(attention, isMerging: true);
        team.Run(ref merging);
    }

    private void FillCache(Random random, (int Past, int Rows)[] sequences)
    {
        var width = Kv.Shape.KvHeads * Kv.Shape.HeadDim;
        var slots = Kv.Shape.Blocks * KvShape.BlockTokens;
        Tensor keys = _backend.Allocate(slots, width).All, values = _backend.Allocate(slots, width).All;
        _backend.Host(keys).Fill(60000);
        _backend.Host(values).Fill(60000);
        _backend.WriteKv(Kv, keys, values, [.. Enumerable.Range(0, slots)]);

        for (var s = 0; s < sequences.Length; s++)
        {
            var count = sequences[s].Past + sequences[s].Rows;
            foreach (ref var k in _backend.Host(keys.Take(count))) k = random.NextSingle() * 2 - 1;
            foreach (ref var v in _backend.Host(values.Take(count))) v = random.NextSingle() * 2 - 1;
            var blocks = _blocks[_blockStarts[s]..];
            _backend.WriteKv(Kv, keys.Take(count), values.Take(count),
                [.. Enumerable.Range(0, count).Select(position => blocks[position / 16] * 16 + position % 16)]);
        }
        keys.Storage.Dispose();
        values.Storage.Dispose();
    }

    private float[][] Result() => Split(_backend.Host(_result), _result.Rows);

    private static float[][] Split(Span<float> floats, int rows)
    {
        var width = floats.Length / rows;
        var split = new float[rows][];
        for (var row = 0; row < rows; row++) split[row] = floats.Slice(row * width, width).ToArray();
        return split;
    }

    private readonly ref struct LanesJob<V, L, TFormat>(PagedAttention<TFormat> attention, bool isMerging) : ITeamJob
        where V : unmanaged
        where L : struct, ILanes<V>
        where TFormat : IKvFormat
    {
        private readonly PagedAttention<TFormat> _attention = attention;

        public void Run(int member, int size)
        {
            if (isMerging) _attention.MergeParts<V, L>();
            else _attention.Run<V, L>(member, size);
        }
    }
}
