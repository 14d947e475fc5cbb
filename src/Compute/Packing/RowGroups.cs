using Minka.Compute.Formats;

namespace Minka.Compute.Packing;

/// <summary>
/// The packed order of rows. A row group is R rows with the fields of each block side by side: first 16-bit field of
/// the R rows, second, ..., first 32-bit word of the R rows, second, ... No byte is added or lost.
/// </summary>
/// <param name="Format">How a block is stored.</param>
/// <param name="Rows">R.</param>
/// <param name="Blocks">Blocks of a row.</param>
internal sealed unsafe record RowGroups(BlockFormat Format, int Rows, int Blocks)
{
    private readonly int _halves = Format.Halves;
    private readonly int _words = Format.Words;
    private readonly int _blockBytes = Format.Type.BlockBytes();

    /// <summary>Bytes of one row.</summary>
    public long RowBytes => (long)Blocks * _blockBytes;

    /// <summary>Bytes of one group.</summary>
    public long GroupBytes => RowBytes * Rows;

    /// <summary>Whether a row's halves are half-precision numbers, which must be finite.</summary>
    private bool HasF16 => _halves > 0 && Format.Type != DType.BF16;

    /// <summary>Interleaves R rows.</summary>
    /// <param name="rows">The rows, one after the other.</param>
    /// <param name="group">Receives <see cref="GroupBytes"/>.</param>
    /// <returns>Whether every half-precision number was finite, as kernels require.</returns>
    public bool Interleave(byte* rows, byte* group)
    {
        var isFinite = true;
        for (var b = 0; b < Blocks; b++)
        {
            var block = rows + ((nint)b * _blockBytes);
            for (var h = 0; h < _halves; h++, group += 2 * Rows)
                isFinite &= Interleave16(block + (2 * h), (ushort*)group);
            block += 2 * _halves;
            for (var w = 0; w < _words; w++, group += 4 * Rows)
                Interleave32(block + (4 * w), (uint*)group);
        }
        return isFinite || !HasF16;
    }

    /// <summary>Gathers blocks <c>[first, first + count)</c> of one row of a group.</summary>
    public void Gather(byte* group, int row, int first, int count, byte* blocks)
    {
        group += (nint)first * _blockBytes * Rows;
        for (var b = 0; b < count; b++)
        {
            for (var h = 0; h < _halves; h++, group += 2 * Rows, blocks += 2)
                *(ushort*)blocks = ((ushort*)group)[row];
            for (var w = 0; w < _words; w++, group += 4 * Rows, blocks += 4)
                *(uint*)blocks = ((uint*)group)[row];
        }
    }

    private bool Interleave16(byte* field, ushort* target)
    {
        const ushort Exponent = 0x7C00;
        var isFinite = true;
        for (var r = 0; r < Rows; r++)
        {
            var value = *(ushort*)(field + (r * RowBytes));
            isFinite &= (value & Exponent) != Exponent;
            target[r] = value;
        }
        return isFinite;
    }

    private void Interleave32(byte* field, uint* target)
    {
        for (var r = 0; r < Rows; r++) target[r] = *(uint*)(field + (r * RowBytes));
    }
}
