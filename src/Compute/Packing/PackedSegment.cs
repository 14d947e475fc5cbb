using Minka.Compute.Cpu;
using Minka.Compute.Formats;
using Minka.Compute.Kernels.MatMul;

namespace Minka.Compute.Packing;

/// <summary>Consecutive rows of a packed matrix that share one format.</summary>
internal sealed unsafe class PackedSegment : IDisposable
{
    private readonly NativeBuffer _memory;
    private readonly RowGroups _layout;

    /// <summary>Allocates rows; they are not filled yet.</summary>
    /// <param name="firstRow">First row in the matrix.</param>
    /// <param name="rows">Rows of this segment.</param>
    /// <param name="columns">Inputs.</param>
    /// <param name="type">Format to hold them in.</param>
    /// <param name="tier">Instructions to multiply with.</param>
    public PackedSegment(int firstRow, int rows, int columns, DType type, InstructionTier tier)
    {
        Kernel = MatMulKernels.Of(type, InstructionTiers.For(type, tier));
        FirstRow = firstRow;
        _layout = new RowGroups(BlockFormats.Of(type), Kernel.GroupRows, columns / type.BlockLength(),
            Kernel.TurnedBits);
        Groups = (int)(((long)rows + Kernel.GroupRows - 1) / Kernel.GroupRows);
        _memory = new NativeBuffer(checked(Groups * _layout.GroupBytes));
        Packed = new PackedRows((nint)_memory.Data, checked((nint)_layout.GroupBytes), rows, _layout.Blocks);
    }

    /// <summary>First row in the matrix.</summary>
    public int FirstRow { get; }

    /// <summary>Rows without padding.</summary>
    public int Rows => Packed.Rows;

    /// <summary>Row groups.</summary>
    public int Groups { get; }

    /// <summary>Multiplies this segment.</summary>
    public MatMulKernel Kernel { get; }

    /// <summary>The rows as the kernel wants them.</summary>
    public PackedRows Packed { get; }

    /// <summary>How a row of this segment is stored.</summary>
    public BlockFormat Format => _layout.Format;

    /// <summary>Bytes of a row before it is interleaved.</summary>
    public long RowBytes => _layout.RowBytes;

    /// <summary>Memory held.</summary>
    public long Bytes => _memory.Bytes;

    /// <summary>Fills one group from its rows, which lie one after the other.</summary>
    /// <returns>Whether all half-precision numbers were finite.</returns>
    public bool Fill(int group, byte* rows) => _layout.Interleave(rows, GroupAt(group));

    /// <summary>One row as floats.</summary>
    public void DecodeRow(int row, Span<float> values)
    {
        const int BlocksAtOnce = 64;
        var bytes = Format.Type.BlockBytes();
        var length = Format.Type.BlockLength();
        var blocks = stackalloc byte[BlocksAtOnce * bytes];
        var group = GroupAt(row / _layout.Rows);
        for (var b = 0; b < _layout.Blocks; b += BlocksAtOnce)
        {
            var count = Math.Min(BlocksAtOnce, _layout.Blocks - b);
            _layout.Gather(group, row % _layout.Rows, b, count, blocks);
            Format.Decode(new ReadOnlySpan<byte>(blocks, count * bytes), values.Slice(b * length, count * length));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private byte* GroupAt(int group)
    {
        ObjectDisposedException.ThrowIf(_memory.Data is null, this);
        return _memory.Data + (group * _layout.GroupBytes);
    }
}
