using System.Runtime.CompilerServices;
using Minka.Compute.Formats;

namespace Minka.Compute.Packing;

/// <summary>
/// The packed order of rows. A row group is R rows with the fields of each block side by side: first 16-bit field of
/// the R rows, second, ..., first 32-bit word of the R rows, second, ... No byte is added or lost.
/// </summary>
/// <param name="Format">How a block is stored.</param>
/// <param name="Rows">R.</param>
/// <param name="Blocks">Blocks of a row.</param>
/// <param name="Turned">Bits of each 32-bit word that lie here the other way round.</param>
internal sealed unsafe record RowGroups(BlockFormat Format, int Rows, int Blocks, uint Turned = 0)
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
        if (_words == 0) return Interleave16(rows, (ushort*)group, Blocks * _halves) || !HasF16;

        var isFinite = true;
        for (var b = 0; b < Blocks; b++, rows += _blockBytes)
        {
            isFinite &= Interleave16(rows, (ushort*)group, _halves);
            group += 2 * _halves * Rows;
            Interleave32(rows + (2 * _halves), (uint*)group, _words);
            group += 4 * _words * Rows;
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
                *(uint*)blocks = ((uint*)group)[row] ^ Turned;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]    // most of its work is done before a tier would notice
    private bool Interleave16(byte* fields, ushort* target, int count)
    {
        const ushort Exponent = 0x7C00;
        var (isFinite, stride) = (true, (nint)RowBytes);
        for (; count >= 4; count -= 4, fields += 8, target += 4 * Rows)
        {
            var row = fields;
            for (var r = 0; r < Rows; r++, row += stride)
            {
                // Four fields of a row at a time; an exponent of all ones carries into the bit above it.
                var four = *(ulong*)row;
                isFinite &= (((four & 0x7C00_7C00_7C00_7C00) + 0x0400_0400_0400_0400) & 0x8000_8000_8000_8000) == 0;
                target[r] = (ushort)four;
                target[Rows + r] = (ushort)(four >> 16);
                target[(2 * Rows) + r] = (ushort)(four >> 32);
                target[(3 * Rows) + r] = (ushort)(four >> 48);
            }
        }
        for (; count > 0; count--, fields += 2, target += Rows)
        {
            var row = fields;
            for (var r = 0; r < Rows; r++, row += stride)
            {
                var value = *(ushort*)row;
                isFinite &= (value & Exponent) != Exponent;
                target[r] = value;
            }
        }
        return isFinite;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Interleave32(byte* fields, uint* target, int count)
    {
        var stride = (nint)RowBytes;
        for (; count >= 2; count -= 2, fields += 8, target += 2 * Rows)
        {
            var row = fields;
            for (var r = 0; r < Rows; r++, row += stride)
            {
                var two = *(ulong*)row ^ (((ulong)Turned << 32) | Turned);
                target[r] = (uint)two;
                target[Rows + r] = (uint)(two >> 32);
            }
        }
        if (count == 0) return;
        for (var r = 0; r < Rows; r++, fields += stride) target[r] = *(uint*)fields ^ Turned;
    }
}
