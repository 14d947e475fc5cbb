using Minka.Compute.Cpu;

namespace Minka.Compute.Packing;

/// <summary>Weights in the order that this CPU multiplies fastest; the only copy of them in the process.</summary>
internal sealed unsafe class PackedMatrix : Matrix
{
    private readonly PackedSegment[] _segments;

    private PackedMatrix(int rows, int columns, PackedSegment[] segments)
        : base(rows, columns)
    {
        _segments = segments;
        Bytes = segments.Sum(s => s.Bytes);
        NeedsBlocks = segments.Any(s => s.Kernel.IsQuantized);
        NeedsPanels = segments.Any(s => !s.Kernel.IsQuantized);
    }

    /// <inheritdoc/>
    public override long Bytes { get; }

    /// <summary>Runs of rows of one format, in order.</summary>
    public ReadOnlySpan<PackedSegment> Segments => _segments;

    /// <summary>Whether any rows want activations as int8 blocks.</summary>
    public bool NeedsBlocks { get; }

    /// <summary>Whether any rows want activations as floats.</summary>
    public bool NeedsPanels { get; }

    /// <summary>Reads sources and packs them, rows of each below those of the one before.</summary>
    /// <param name="parts">Equal columns; types may differ.</param>
    /// <param name="type">Format to hold them in; null keeps each part's own.</param>
    /// <param name="team">Reads and packs.</param>
    /// <param name="progress">Told the source bytes read since the last call, from any member.</param>
    /// <exception cref="ArgumentException">The parts do not fit together, or not the format.</exception>
    /// <exception cref="InvalidDataException">A source holds scales that are not finite.</exception>
    public static PackedMatrix Pack(
        IReadOnlyList<IWeightSource> parts, DType? type, ThreadTeam team, Action<long>? progress = null) =>
        Pack(parts, type, team, progress, InstructionTiers.Current);

    /// <summary>The same for a tier of choice.</summary>
    public static PackedMatrix Pack(
        IReadOnlyList<IWeightSource> parts, DType? type, ThreadTeam team, Action<long>? progress, InstructionTier tier)
    {
        var columns = CheckColumns(parts, type);
        var rows = checked(parts.Sum(p => p.Rows));
        var segments = new List<PackedSegment>();
        try
        {
            for (var first = 0; first < parts.Count;)
            {
                var format = type ?? parts[first].Type;
                var run = parts.Skip(first).TakeWhile(p => (type ?? p.Type) == format).ToArray();
                var firstRow = parts.Take(first).Sum(p => p.Rows);
                var segment = new PackedSegment(firstRow, run.Sum(p => p.Rows), columns, format, tier);
                segments.Add(segment);
                var job = new PackJob(segment, run, team, progress);
                team.Run(ref job);
                first += run.Length;
            }
            return new PackedMatrix(rows, columns, [.. segments]);
        }
        catch
        {
            segments.ForEach(s => s.Dispose());
            throw;
        }
    }

    /// <summary><c>y = x wᵀ</c>: <c>[tokens, Rows] = [tokens, Columns] · [Rows, Columns]ᵀ</c>.</summary>
    /// <param name="team">Multiplies; rows are shared out.</param>
    /// <param name="x">Row t at <c>x + t * xStride</c>.</param>
    /// <param name="xStride">Floats from one token to the next.</param>
    /// <param name="tokens">At least 1.</param>
    /// <param name="y">Row t at <c>y + t * yStride</c>. Must not overlap <paramref name="x"/>.</param>
    /// <param name="yStride">Floats from one token to the next.</param>
    /// <param name="scratch">Room for <paramref name="tokens"/> tokens of <c>Columns</c> activations.</param>
    public void Multiply(
        ThreadTeam team, float* x, int xStride, int tokens, float* y, int yStride, MatMulScratch scratch)
    {
        if (tokens < 1 || MatMulScratch.BlocksOf(tokens, Columns) > scratch.BlocksMax)
            throw new ArgumentOutOfRangeException(
                nameof(tokens), tokens,
                $"The scratch has room for {32 * scratch.BlocksMax} values; a token has {Columns}.");

        var tiles = scratch.TilesOf(x, xStride, 0, tokens, Columns);
        var prepare = new PrepareJob(this, team, tiles);
        if (prepare.IsSmall) prepare.RunAlone();
        else team.RunByTicket(ref prepare);
        var multiply = new MatMulJob(this, team, tiles, y, yStride);
        team.RunByTicket(ref multiply, multiply.IsSmall);
    }

    /// <summary>One row as floats, for embedding lookups.</summary>
    public void DecodeRow(int row, Span<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows);
        foreach (var segment in _segments)
        {
            if (row - segment.FirstRow >= segment.Rows) continue;
            segment.DecodeRow(row - segment.FirstRow, values[..Columns]);
            return;
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var segment in _segments) segment.Dispose();
    }

    private static int CheckColumns(IReadOnlyList<IWeightSource> parts, DType? type)
    {
        if (parts.Count == 0) throw new ArgumentException("A matrix needs at least one part.", nameof(parts));
        var columns = parts[0].Columns;
        foreach (var part in parts)
        {
            if (part.Columns != columns || part.Rows < 1 || columns < 1)
                throw new ArgumentException(
                    $"'{part.Name}' is {part.Rows} x {part.Columns}; parts of one matrix need rows of "
                    + $"{columns} values.");
            if (columns % (type ?? part.Type).BlockLength() != 0)
                throw new ArgumentException(
                    $"'{part.Name}' has rows of {columns} values, which {type ?? part.Type} cannot hold: its blocks "
                    + $"hold {(type ?? part.Type).BlockLength()}. Keep it in F16 or F32.");
        }
        return columns;
    }
}
