using System.Runtime.InteropServices;
using Minka.Compute.Cpu;

namespace Minka.Compute.Tests.Cpu;

public class CpuBackendTests
{
    [Fact]
    public void Tensors_start_as_zeros_and_their_rows_lie_a_storage_row_apart()
    {
        using var backend = new CpuBackend(new() { Threads = 1 });
        using var storage = backend.Allocate(3, 5);
        var view = storage.All.Slice(1, 2).Take(2);

        var host = backend.Host(view);
        (host[0], host[6]) = (1, 2);      // row 0, column 1 and row 1, column 2 of the storage

        Assert.Equal(7, host.Length);
        Assert.Equal([0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0], backend.Host(storage.All).ToArray());
    }

    [Theory, InlineData(DType.F32), InlineData(DType.Q8_0)]
    public void A_product_of_small_integers_is_exact(DType type)
    {
        using var backend = new CpuBackend(new() { Threads = 2 });
        using var w = backend.Pack([new Rows(2, 32, i => i % 32 == 0 ? 127 : i == 33 ? -127 : 0)], type);
        Tensor x = backend.Allocate(3, 32).All, y = backend.Allocate(3, 4).All.Slice(1, 2);
        for (var t = 0; t < 3; t++) (backend.Host(x)[t * 32], backend.Host(x)[t * 32 + 1]) = (127, t);

        backend.MatMul(y, x, w);

        var expected = Enumerable.Range(0, 3).SelectMany(t => (float[])[127 * 127, 127 * 127 - 127 * t]);
        var actual = Enumerable.Range(0, 3).SelectMany(t => backend.Host(y).Slice(t * 4, 2).ToArray()).ToArray();
        Assert.Equal(expected, actual);
    }

    [Theory, InlineData(DType.F32), InlineData(DType.Q8_0)]
    public void Groups_get_the_bits_of_products_one_by_one(DType type)
    {
        int[] counts = [3, 0, 1, 40, 5];
        using var backend = new CpuBackend(new() { Threads = 3 });
        Matrix[] w = [.. counts.Select((_, m) => backend.Pack([new Rows(50, 96, i => MathF.Sin(i + m))], type))];
        Tensor x = backend.Allocate(49, 100).All.Slice(2, 96), y = backend.Allocate(49, 60).All.Slice(5, 50);
        for (var i = 0; i < 48 * 100; i++) backend.Host(x)[i] = MathF.Cos(i);

        backend.MatMulGroups(y, x, w, counts);

        var first = 0;
        for (var m = 0; m < w.Length; m++)
        {
            if (counts[m] == 0) continue;
            var rows = Enumerable.Range(first, counts[m]).ToArray();
            Tensor some = backend.Allocate(counts[m], 96).All, alone = backend.Allocate(counts[m], 50).All;
            backend.GatherRows(some, x, rows);
            backend.MatMul(alone, some, w[m]);
            for (var t = 0; t < counts[m]; t++)
                Assert.Equal(backend.Host(alone).Slice(t * 50, 50), backend.Host(y).Slice((first + t) * 60, 50));
            first += counts[m];
        }
        Assert.Throws<ArgumentException>(() => backend.MatMulGroups(y, x, w, [3, 0, 1, 40, 4]));
        Assert.Throws<ArgumentException>(() => backend.MatMulGroups(y, x, w, [3, 0, 1, 40, 6]));
        Array.ForEach(w, matrix => matrix.Dispose());
    }

    [Fact]
    public void The_reference_holds_every_matrix_as_floats()
    {
        using var backend = new CpuBackend(new() { Threads = 1, Reference = true });
        using var w = backend.Pack([new Rows(3, 32, i => i)], DType.Q8_0);

        Assert.InRange(w.Bytes, 3 * 32 * 4, 16 * 32 * 4);      // whole row groups
    }

    [Fact]
    public void An_embedding_is_the_tokens_row_and_an_unknown_token_is_named()
    {
        using var backend = new CpuBackend(new() { Threads = 1 });
        using var table = backend.Pack([new Rows(4, 2, i => i)]);
        var y = backend.Allocate(2, 2).All;

        backend.Embed(y, table, [3, 1]);

        Assert.Equal([6, 7, 2, 3], backend.Host(y).ToArray());
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => backend.Embed(y, table, [0, 4]));
        Assert.Contains("Token 4", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_vector_is_loaded_as_floats()
    {
        using var backend = new CpuBackend(new() { Threads = 1 });

        var vector = backend.LoadVector(new Rows(1, 3, i => i + 0.5f));

        Assert.Equal((1, 3), (vector.Rows, vector.Columns));
        Assert.Equal([0.5f, 1.5f, 2.5f], backend.Host(vector).ToArray());
        Assert.Throws<ArgumentException>(() => backend.LoadVector(new Rows(2, 3, i => i)));
    }

    [Fact]
    public void Rows_are_gathered_added_and_bounded()
    {
        using var backend = new CpuBackend(new() { Threads = 1 });
        Tensor x = backend.Allocate(3, 2).All, y = backend.Allocate(2, 2).All, row = backend.Allocate(1, 2).All;
        ((float[])[1, 2, 3, 4, 5, 6]).CopyTo(backend.Host(x));
        ((float[])[10, 20]).CopyTo(backend.Host(row));

        backend.GatherRows(y, x, [2, 0]);
        backend.AddRow(y, row);
        backend.Add(y, x.Take(2));

        Assert.Equal([16, 28, 14, 26], backend.Host(y).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => backend.GatherRows(y, x, [0, 3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => backend.GatherRows(y, x, [0, -1]));
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        using var backend = new CpuBackend(new() { Threads = 1 });
        Tensor three = backend.Allocate(2, 3).All, four = backend.Allocate(2, 4).All;

        Assert.Throws<ArgumentException>(() => backend.Add(three, four));
        Assert.Throws<ArgumentException>(() => backend.AddRow(three, four));
        Assert.Throws<ArgumentException>(() => backend.RmsNorm(three, three, four, 0));
        Assert.Throws<ArgumentException>(() => backend.HeadRmsNorm(three, backend.Allocate(1, 2).All, 0));
        Assert.Throws<ArgumentException>(() => backend.Rope(four, three, 4, RopePairs.Halves));
        Assert.Throws<ArgumentException>(() => backend.SwiGlu(three, four));
        Assert.Throws<ArgumentException>(() => backend.GatherRows(three, four, [0, 1]));
    }

    [Theory, InlineData(1), InlineData(3)]
    public void The_number_of_threads_changes_no_bit_of_any_operation(int threads)
    {
        using var one = new CpuBackend(new() { Threads = 1 });
        using var many = new CpuBackend(new() { Threads = threads });

        Assert.Equal(OneStep.Run(one, 150), OneStep.Run(many, 150));
    }

    [Theory, InlineData(1), InlineData(64)]
    public void A_step_allocates_nothing_on_any_thread(int tokens)
    {
        using var backend = new CpuBackend(new() { Threads = 2 });
        using var step = new OneStep(backend, tokens);
        step.Run();

        // The runtime takes some bytes once for a thread that had to sleep, and two are here: three rounds are clean.
        var rounds = Enumerable.Range(0, 5).Select(_ => BytesOf(step, backend)).ToArray();
        Assert.Equal(0, rounds.Order().ElementAt(2));
    }

    private static long BytesOf(OneStep step, CpuBackend backend)
    {
        _ = backend.AllocatedBytes();
        var before = backend.AllocatedBytes();     // the first array is counted in the second
        for (var i = 0; i < 20; i++) step.Run();
        return backend.AllocatedBytes().Sum() - before.Sum() - ArrayBytes(before);
    }

    private static long ArrayBytes(long[] array)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        GC.KeepAlive(new long[array.Length]);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <summary>Floats computed from their index.</summary>
    internal sealed class Rows(int rows, int columns, Func<int, float> value) : IWeightSource
    {
        public string Name => "rows";

        public DType Type => DType.F32;

        int IWeightSource.Rows => rows;

        public int Columns => columns;

        public void ReadRows(int first, int count, Span<byte> bytes)
        {
            var floats = MemoryMarshal.Cast<byte, float>(bytes);
            for (var i = 0; i < count * columns; i++) floats[i] = value(first * columns + i);
        }
    }
}
