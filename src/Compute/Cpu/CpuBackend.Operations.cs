using Minka.Compute.Kernels;

namespace Minka.Compute.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <summary>Floats that one core reads or writes in about the time of a dispatch.</summary>
    private const int SmallFloats = 16 << 10;

    /// <inheritdoc/>
    public void RmsNorm(Tensor y, Tensor x, Tensor w, float epsilon)
    {
        Check(y.Rows == x.Rows && y.Columns == x.Columns && w.Columns == x.Columns, nameof(RmsNorm),
            "y and x of one shape and w [1, columns]");
        RunRows(new RmsNorm(CpuStorage.RowsOf(y), CpuStorage.RowsOf(x), CpuStorage.RowsOf(w)[0], x.Columns, epsilon),
            x.Rows, x.Columns);
    }

    /// <inheritdoc/>
    public void HeadRmsNorm(Tensor x, Tensor w, float epsilon)
    {
        Check(w.Columns > 0 && x.Columns % w.Columns == 0, nameof(HeadRmsNorm), "x of whole heads and w [1, C]");
        var rows = CpuStorage.RowsOf(x);
        RunRows(new RmsNorm(rows, rows, CpuStorage.RowsOf(w)[0], w.Columns, epsilon), x.Rows, x.Columns);
    }

    /// <inheritdoc/>
    public void Rope(Tensor x, Tensor rotations, int headDim, RopePairs pairs)
    {
        Check(headDim > 0 && x.Columns % headDim == 0 && rotations.Columns <= headDim && rotations.Columns % 2 == 0
            && rotations.Rows == x.Rows, nameof(Rope),
            "x of whole heads and one rotation per row, of an even width no wider than a head");
        RunRows(new Rope(CpuStorage.RowsOf(x), CpuStorage.RowsOf(rotations), headDim, pairs), x.Rows, x.Columns);
    }

    /// <inheritdoc/>
    public void SwiGlu(Tensor y, Tensor gateUp)
    {
        Check(y.Rows == gateUp.Rows && gateUp.Columns == 2 * y.Columns, nameof(SwiGlu), "y [T, F] and gateUp [T, 2F]");

        // Each float costs an exponential: about eight times what a float of a sum costs.
        RunRows(new SwiGlu(CpuStorage.RowsOf(y), CpuStorage.RowsOf(gateUp)), y.Rows, 8 * y.Columns);
    }

    /// <inheritdoc/>
    public void Add(Tensor y, Tensor x)
    {
        Check(y.Rows == x.Rows && y.Columns == x.Columns, nameof(Add), "y and x of one shape");
        RunRows(new Adding(CpuStorage.RowsOf(y), CpuStorage.RowsOf(x), isOneRow: false), y.Rows, y.Columns);
    }

    /// <inheritdoc/>
    public void AddRow(Tensor y, Tensor row)
    {
        Check(row.Rows >= 1 && y.Columns == row.Columns, nameof(AddRow), "y [T, columns] and row [1, columns]");
        RunRows(new Adding(CpuStorage.RowsOf(y), CpuStorage.RowsOf(row), isOneRow: true), y.Rows, y.Columns);
    }

    /// <inheritdoc/>
    public void GatherRows(Tensor y, Tensor x, ReadOnlySpan<int> rows)
    {
        Check(y.Rows == rows.Length && y.Columns == x.Columns, nameof(GatherRows),
            "one row of y per index, as wide as x");
        foreach (var row in rows)
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)x.Rows, nameof(rows));
        RunRows(new RowGather(CpuStorage.RowsOf(y), CpuStorage.RowsOf(x), rows), y.Rows, y.Columns);
    }

    /// <inheritdoc/>
    public void ScatterRows(Tensor y, Tensor x, ReadOnlySpan<int> rows, ReadOnlySpan<float> shares)
    {
        Check(x.Rows == rows.Length && shares.Length == rows.Length && y.Columns == x.Columns, nameof(ScatterRows),
            "one index and one share per row of x, and y as wide as x");
        foreach (var row in rows)
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)y.Rows, nameof(rows));
        var scatter = new RowScatter(CpuStorage.RowsOf(y), CpuStorage.RowsOf(x), rows, shares);
        RunRows(scatter, scatter.Strips, 2 * RowScatter.StripColumns * x.Rows);
    }

    /// <inheritdoc/>
    public void Route(Span<int> experts, Span<float> shares, Tensor scores, bool isNormalized)
    {
        if (scores.Rows == 0) return;
        var active = experts.Length / scores.Rows;
        Check(active > 0 && active <= scores.Columns && experts.Length == active * scores.Rows
            && shares.Length == experts.Length, nameof(Route),
            "experts and shares [T, active] and scores [T, experts], with active from 1 to experts");

        // Each score costs some comparisons and an exponential.
        RunRows(new ExpertRouting(experts, shares, CpuStorage.RowsOf(scores), active, isNormalized),
            scores.Rows, 16 * scores.Columns);
    }

    /// <inheritdoc/>
    public void WriteKv(KvLayer kv, Tensor keys, Tensor values, ReadOnlySpan<int> slots)
    {
        var pages = CpuKvLayer.PagesOf(kv);
        var width = pages.Heads * pages.HeadDim;
        Check(keys.Rows == slots.Length && values.Rows == slots.Length && keys.Columns == width
            && values.Columns == width, nameof(WriteKv), "one slot per row, and keys and values [T, K * C]");
        foreach (var slot in slots)
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(
                (uint)slot, (uint)kv.Shape.Blocks * KvShape.BlockTokens, nameof(slots));

        FloatRows k = CpuStorage.RowsOf(keys), v = CpuStorage.RowsOf(values);
        switch (kv.Shape.Type)
        {
            case DType.F16: RunRows(new KvWrite<KvF16>(pages, k, v, slots), slots.Length, 4 * width); break;
            case DType.Q8_0: RunRows(new KvWrite<KvQ8_0>(pages, k, v, slots), slots.Length, 8 * width); break;
            default: RunRows(new KvWrite<KvF32>(pages, k, v, slots), slots.Length, 2 * width); break;
        }
    }

    /// <inheritdoc/>
    public void CopyKvBlock(KvLayer kv, int source, int target)
    {
        _ = CpuKvLayer.PagesOf(kv);
        ((CpuKvLayer)kv).CopyBlock(source, target);
    }

    private void RunRows<TKernel>(TKernel kernel, int rows, int floatsPerRow)
        where TKernel : struct, IRowKernel, allows ref struct
    {
        var job = new RowJob<TKernel>(kernel, rows, _team);
        _team.RunByTicket(ref job, isSmall: rows == 1 || (long)rows * floatsPerRow <= SmallFloats);
    }
}
