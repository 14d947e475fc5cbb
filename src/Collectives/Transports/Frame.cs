using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Minka.Collectives.Transports;

/// <summary>What a frame is for.</summary>
internal enum FrameType : ushort
{
    /// <summary>First frame of a connection: who I am, and a nonce.</summary>
    Hello = 1,

    /// <summary>Proof that I have the key.</summary>
    Proof = 2,

    /// <summary>Why this connection is refused.</summary>
    Refusal = 3,

    /// <summary>A message between ranks.</summary>
    Data = 4,

    /// <summary>I have lost a rank; the group is over.</summary>
    Lost = 5,

    /// <summary>I leave in order.</summary>
    Bye = 6,

    /// <summary>Memory that we could share.</summary>
    Lane = 7,
}

/// <summary>
/// The 36 bytes before every payload, little-endian: magic 4, version 2, type 2, flags 2, header length 2, stream 4,
/// sequence 8, epoch 4, payload length 4, CRC32C 4 (of the 32 bytes before it and the payload).
/// </summary>
/// <param name="Type">What it is for.</param>
/// <param name="Sequence">Frames that this side sent on this connection before it.</param>
/// <param name="Epoch">Incarnation of the cluster.</param>
/// <param name="PayloadBytes">Bytes after the header.</param>
/// <param name="Crc">Checksum as received.</param>
internal readonly record struct Frame(FrameType Type, ulong Sequence, int Epoch, int PayloadBytes, uint Crc)
{
    public const int HeaderBytes = 36;
    public const ushort Version = 1;

    /// <summary>"MNKF".</summary>
    public const uint Magic = 0x464B4E4D;

    private const int CrcOffset = 32;

    /// <summary>Writes the header in front of a payload that is already in place.</summary>
    public static void Write(Span<byte> frame, FrameType type, ulong sequence, int epoch)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(frame, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(frame[4..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(frame[6..], (ushort)type);
        BinaryPrimitives.WriteUInt16LittleEndian(frame[8..], 0);
        BinaryPrimitives.WriteUInt16LittleEndian(frame[10..], HeaderBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[12..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(frame[16..], sequence);
        BinaryPrimitives.WriteInt32LittleEndian(frame[24..], epoch);
        BinaryPrimitives.WriteInt32LittleEndian(frame[28..], frame.Length - HeaderBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[CrcOffset..], Checksum(frame));
    }

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">At least <see cref="HeaderBytes"/>.</param>
    /// <param name="payloadMax">Longest payload that is allowed.</param>
    /// <param name="problem">What is wrong with it, as a clause; null if nothing is.</param>
    public static Frame Read(ReadOnlySpan<byte> bytes, int payloadMax, out string? problem)
    {
        var magic = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        var version = BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]);
        var header = BinaryPrimitives.ReadUInt16LittleEndian(bytes[10..]);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[28..]);
        problem = magic != Magic ? $"it sent {magic:x8} where a frame begins with {Magic:x8}"
            : version != Version ? $"it sent a frame of version {version}; this build speaks {Version}"
            : header != HeaderBytes ? $"it sent a frame with a header of {header} bytes; {HeaderBytes} are due"
            : length > payloadMax ? $"it announced {length} bytes; at most {payloadMax} are allowed here"
            : null;
        return new(
            (FrameType)BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]),
            problem is null ? (int)length : 0,
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[CrcOffset..]));
    }

    /// <summary>CRC32C (Castagnoli) of a frame without the checksum itself.</summary>
    public static uint Checksum(ReadOnlySpan<byte> frame) =>
        ~Update(Update(uint.MaxValue, frame[..CrcOffset]), frame[HeaderBytes..]);

    private static uint Update(uint crc, ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words) crc = BitOperations.Crc32C(crc, word);
        foreach (var one in bytes[(words.Length * sizeof(ulong))..]) crc = BitOperations.Crc32C(crc, one);
        return crc;
    }
}
