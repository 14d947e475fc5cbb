using System.Runtime.InteropServices;
using Minka.Compute.Cpu;
using Minka.Compute.Formats;

namespace Minka.Compute.Packing;

/// <summary>Reads some sources slice by slice and interleaves their rows, on all members of a team.</summary>
/// <param name="segment">Receives the rows.</param>
/// <param name="sources">Where they lie, in order.</param>
/// <param name="team">Who works, by ticket: a member that waits for the disk holds nobody up.</param>
/// <param name="progress">Told the source bytes read.</param>
internal readonly unsafe struct PackJob(
    PackedSegment segment, IReadOnlyList<IWeightSource> sources, ThreadTeam team, Action<long>? progress) : ITeamJob
{
    private const int SliceBytes = 1 << 19;

    /// <summary>Bytes of rows in another format read at once: a call costs as much as some thousands.</summary>
    private const int ForeignBytes = 1 << 17;

    /// <inheritdoc/>
    public void Run(int member, int size)
    {
        var rows = segment.Kernel.GroupRows;
        var sourceRowBytes = sources.Max(s => s.Type.RowBytes(s.Columns));
        var groups = (int)Math.Clamp(SliceBytes / (rows * sourceRowBytes), 1, segment.Groups);
        var read = (byte*)NativeMemory.Alloc(checked((nuint)(groups * rows * segment.RowBytes)));
        var foreign = (byte*)NativeMemory.Alloc((nuint)Math.Max(sourceRowBytes, ForeignBytes));
        var values = new float[sources[0].Columns];
        try
        {
            for (var first = team.TakeTicket() * groups; first < segment.Groups; first = team.TakeTicket() * groups)
                PackSlice(first, Math.Min(groups, segment.Groups - first), read, foreign, values);
        }
        finally
        {
            NativeMemory.Free(read);
            NativeMemory.Free(foreign);
        }
    }

    private void PackSlice(int firstGroup, int groups, byte* read, byte* foreign, float[] values)
    {
        var groupRows = segment.Kernel.GroupRows;
        var first = firstGroup * groupRows;
        var count = Math.Min(groups * groupRows, segment.Rows - first);
        ReadRows(first, count, read, foreign, values);
        var missing = (groups * groupRows) - count;
        NativeMemory.Clear(read + (count * segment.RowBytes), (nuint)(missing * segment.RowBytes));
        for (var g = 0; g < groups; g++)
        {
            if (segment.Fill(firstGroup + g, read + (g * groupRows * segment.RowBytes))) continue;
            var row = first + (g * groupRows);
            throw new InvalidDataException(
                $"'{SourceOf(ref row).Name}' holds an infinity or NaN near row {row}, which {segment.Format.Type} "
                + "weights must not; the file is damaged or was converted with an overflow.");
        }
    }

    private void ReadRows(int first, int count, byte* target, byte* foreign, float[] values)
    {
        while (count > 0)
        {
            var row = first;
            var source = SourceOf(ref row);
            var rows = Math.Min(count, source.Rows - row);
            var sourceRowBytes = source.Type.RowBytes(source.Columns);
            if (source.Type == segment.Format.Type)
                source.ReadRows(row, rows, new Span<byte>(target, checked((int)(rows * sourceRowBytes))));
            else
                Convert(source, row, rows, target, foreign, values);
            progress?.Invoke(rows * sourceRowBytes);
            target += rows * segment.RowBytes;
            first += rows;
            count -= rows;
        }
    }

    private void Convert(IWeightSource source, int first, int rows, byte* target, byte* foreign, float[] values)
    {
        var decoder = BlockFormats.Of(source.Type);
        var rowBytes = checked((int)source.Type.RowBytes(source.Columns));
        var rowsAtOnce = Math.Max(1, ForeignBytes / rowBytes);
        for (var read = 0; read < rows; read += rowsAtOnce)
        {
            var bytes = new Span<byte>(foreign, Math.Min(rowsAtOnce, rows - read) * rowBytes);
            source.ReadRows(first + read, bytes.Length / rowBytes, bytes);
            for (; !bytes.IsEmpty; bytes = bytes[rowBytes..], target += segment.RowBytes)
            {
                decoder.Decode(bytes[..rowBytes], values);
                segment.Format.Encode(values, new Span<byte>(target, checked((int)segment.RowBytes)));
            }
        }
    }

    /// <summary>The source of a row of the segment, and which of the source's rows it is.</summary>
    private IWeightSource SourceOf(ref int row)
    {
        foreach (var source in sources)
        {
            if (row < source.Rows) return source;
            row -= source.Rows;
        }
        throw new ArgumentOutOfRangeException(nameof(row), row, "Past the last row of the last source.");
    }
}
