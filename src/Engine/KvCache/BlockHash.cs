using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using Minka.Models;

namespace Minka.Engine.KvCache;

/// <summary>Chained, keyed 128-bit hashes of blocks of tokens: SipHash-2-4-128 (Aumasson and Bernstein 2012).</summary>
/// <remarks>Keyed, so that who does not know the key cannot look for prompts that collide.</remarks>
internal sealed class BlockHash(UInt128 key)
{
    private readonly ulong _key0 = (ulong)key, _key1 = (ulong)(key >> 64);

    /// <summary>Where a chain begins: what the KV depends on besides tokens.</summary>
    /// <param name="identity">Model, adapter, KV type: whatever changes keys and values.</param>
    /// <param name="salt">Requests with different salts never share blocks.</param>
    /// <param name="length">Of the prompt, where keys depend on it; else 0.</param>
    public UInt128 Root(string identity, string salt, int length = 0) => Of(Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"{length}:{identity.Length}:{identity}{salt}")));

    /// <summary>The hash of a block after the one with hash <paramref name="previous"/>.</summary>
    public UInt128 Next(UInt128 previous, ReadOnlySpan<int> tokens)
    {
        Span<byte> message = stackalloc byte[16 + sizeof(int) * ForwardInput.BlockTokens];
        BinaryPrimitives.WriteUInt128LittleEndian(message, previous);
        MemoryMarshal.AsBytes(tokens[..ForwardInput.BlockTokens]).CopyTo(message[16..]);
        return Of(message);
    }

    /// <summary>The hash of any bytes.</summary>
    public UInt128 Of(ReadOnlySpan<byte> message)
    {
        var v0 = 0x736f6d6570736575 ^ _key0;
        var v1 = 0x646f72616e646f6d ^ _key1 ^ 0xee;
        var v2 = 0x6c7967656e657261 ^ _key0;
        var v3 = 0x7465646279746573 ^ _key1;
        var whole = message.Length & ~7;
        for (var i = 0; i < whole; i += 8)
        {
            var word = BinaryPrimitives.ReadUInt64LittleEndian(message[i..]);
            v3 ^= word;
            Rounds(2, ref v0, ref v1, ref v2, ref v3);
            v0 ^= word;
        }

        var last = (ulong)message.Length << 56;
        for (var i = whole; i < message.Length; i++) last |= (ulong)message[i] << (8 * (i - whole));
        v3 ^= last;
        Rounds(2, ref v0, ref v1, ref v2, ref v3);
        v0 ^= last;

        v2 ^= 0xee;
        Rounds(4, ref v0, ref v1, ref v2, ref v3);
        var low = v0 ^ v1 ^ v2 ^ v3;
        v1 ^= 0xdd;
        Rounds(4, ref v0, ref v1, ref v2, ref v3);
        return new UInt128(v0 ^ v1 ^ v2 ^ v3, low);
    }

    private static void Rounds(int count, ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        for (var i = 0; i < count; i++)
        {
            v0 += v1;
            v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
            v0 = BitOperations.RotateLeft(v0, 32);
            v2 += v3;
            v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
            v0 += v3;
            v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
            v2 += v1;
            v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
            v2 = BitOperations.RotateLeft(v2, 32);
        }
    }
}
