using System.Buffers.Binary;
using System.Text;

namespace Minka.Models.Loading;

/// <summary>Reads little-endian fields one after the other; no length is believed before it is checked.</summary>
/// <param name="file">Where from.</param>
/// <param name="start">First byte.</param>
/// <param name="end">One past the last byte it may read.</param>
internal sealed class ByteReader(FileBytes file, long start, long end)
{
    private readonly byte[] _buffer = new byte[(int)Math.Clamp(end - start, 16, 1 << 18)];
    private long _bufferStart = start;
    private int _filled;
    private int _next;

    /// <summary>Offset in the file of the next byte.</summary>
    public long Position => _bufferStart + _next;

    /// <summary>Bytes left.</summary>
    public long Remaining => end - Position;

    public byte U8(string what) => Take(1, what)[0];

    public ushort U16(string what) => BinaryPrimitives.ReadUInt16LittleEndian(Take(2, what));

    public uint U32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, what));

    public int I32(string what) => BinaryPrimitives.ReadInt32LittleEndian(Take(4, what));

    public ulong U64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, what));

    public float F32(string what) => BinaryPrimitives.ReadSingleLittleEndian(Take(4, what));

    public double F64(string what) => BinaryPrimitives.ReadDoubleLittleEndian(Take(8, what));

    /// <summary>The next bytes, valid until the next call. More than a buffer is copied.</summary>
    public ReadOnlySpan<byte> Take(int count, string what)
    {
        Need(count, what);
        if (count > _buffer.Length)
        {
            var large = new byte[count];
            file.Read(Position, large);
            MoveTo(Position + count);
            return large;
        }
        if (_filled - _next < count) Fill();
        _next += count;
        return _buffer.AsSpan(_next - count, count);
    }

    /// <summary>UTF-8 text; bytes that are none become U+FFFD.</summary>
    public string Text(int bytes, string what) => Encoding.UTF8.GetString(Take(bytes, what));

    public void Skip(long count, string what)
    {
        Need(count, what);
        if (count <= _filled - _next) _next += (int)count;
        else MoveTo(Position + count);
    }

    private void Need(long count, string what)
    {
        if (count > Remaining)
            throw new ModelFormatException($"'{file.Path}' ends too early: {what} needs {count} bytes at byte "
                + $"{Position}, and {Remaining} are left; the file is cut short or damaged, fetch it again.");
    }

    private void Fill()
    {
        MoveTo(Position);
        _filled = (int)Math.Min(_buffer.Length, end - _bufferStart);
        file.Read(_bufferStart, _buffer.AsSpan(0, _filled));
    }

    private void MoveTo(long position) => (_bufferStart, _filled, _next) = (position, 0, 0);
}
