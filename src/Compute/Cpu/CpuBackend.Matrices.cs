using Minka.Compute.Formats;
using Minka.Compute.Packing;

namespace Minka.Compute.Cpu;

public sealed unsafe partial class CpuBackend
{
    private readonly GroupedMatMul _groups = new();
    private MatMulScratch _matMulScratch = new(1, 1);

    /// <inheritdoc/>
    public Tensor LoadVector(IWeightSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.Rows != 1)
            throw new ArgumentException($"{source.Name} has {source.Rows} rows; a vector has one.", nameof(source));

        var bytes = new byte[source.Type.RowBytes(source.Columns)];
        source.ReadRows(0, 1, bytes);
        var vector = Allocate(1, source.Columns).All;
        BlockFormats.Of(source.Type).Decode(bytes, Host(vector));
        return vector;
    }

    /// <inheritdoc/>
    public Matrix Pack(IReadOnlyList<IWeightSource> parts, DType? type = null, Action<long>? progress = null) =>
        _options.Reference
            ? PackedMatrix.Pack(
                type is { } to && to != DType.F32 ? Rounded(parts, to) : parts, DType.F32, _team, progress)
            : PackedMatrix.Pack(parts, type, _team, progress);

    // The reference path computes in f32 whatever the weights are held in, so their rounding is all that is left of it.
    private static RoundedSource[] Rounded(IReadOnlyList<IWeightSource> parts, DType type) =>
        [.. parts.Select(part => new RoundedSource(part, type))];

    /// <inheritdoc/>
    public void Embed(Tensor y, Matrix table, ReadOnlySpan<int> tokens)
    {
        Check(y.Rows == tokens.Length && y.Columns == table.Columns, nameof(Embed),
            "one row of y per token, as wide as the table");
        var packed = PackedOf(table);
        var rows = CpuStorage.RowsOf(y);
        for (var t = 0; t < tokens.Length; t++)
        {
            if ((uint)tokens[t] >= (uint)table.Rows)
                throw new ArgumentOutOfRangeException(nameof(tokens), tokens[t],
                    $"Token {tokens[t]} has no embedding; the table has {table.Rows} rows.");
            packed.DecodeRow(tokens[t], rows.Span(t));
        }
    }

    /// <inheritdoc/>
    public void MatMul(Tensor y, Tensor x, Matrix w)
    {
        Check(y.Rows == x.Rows && x.Columns == w.Columns && y.Columns == w.Rows, nameof(MatMul),
            "x [T, in], w [out, in] and y [T, out]");
        if (y.Rows == 0) return;
        var packed = PackedOf(w);
        PrepareMatMul(x.Rows, x.Columns);
        packed.Multiply(_team, CpuStorage.RowsOf(x)[0], x.Storage.Columns, x.Rows,
            CpuStorage.RowsOf(y)[0], y.Storage.Columns, _matMulScratch);
    }

    /// <inheritdoc/>
    public void MatMulGroups(Tensor y, Tensor x, ReadOnlySpan<Matrix> w, ReadOnlySpan<int> counts)
    {
        Check(y.Rows == x.Rows && w.Length == counts.Length, nameof(MatMulGroups),
            "x [T, in], y [T, out] and one count of rows for each matrix [out, in]");
        if (x.Rows == 0) return;
        PrepareMatMul(x.Rows, x.Columns);
        _groups.Begin(w.Length);
        var (from, to, first) = (CpuStorage.RowsOf(x), CpuStorage.RowsOf(y), 0);
        for (var i = 0; i < w.Length; i++)
        {
            Check(w[i].Columns == x.Columns && w[i].Rows == y.Columns && counts[i] >= 0
                && counts[i] <= x.Rows - first, nameof(MatMulGroups), "matrices [out, in] and no more rows than x has");
            if (counts[i] == 0) continue;
            var tiles = _matMulScratch.TilesOf(from[first], x.Storage.Columns, first, counts[i], x.Columns);
            _groups.Add(PackedOf(w[i]), _team, tiles, to[first], y.Storage.Columns);
            first += counts[i];
        }
        Check(first == x.Rows, nameof(MatMulGroups), "counts that together are the rows of x");
        _groups.Run(_team);
    }

    private void PrepareMatMul(int tokens, int columns)
    {
        if ((long)tokens * ((columns + 31) / 32) <= _matMulScratch.BlocksMax) return;
        _matMulScratch.Dispose();
        _matMulScratch = new(tokens, columns);
    }

    private static PackedMatrix PackedOf(Matrix matrix) => matrix as PackedMatrix
        ?? throw new ArgumentException($"A matrix of {matrix.GetType().Name} reached the CPU; pack it here.");
}
