using System.Buffers.Binary;
using System.Numerics;

namespace Minka.Models.Tokenization.Merging;

/// <summary>Finds the number of a byte string: a hash table over <see cref="ByteTexts"/>.</summary>
internal sealed class PieceTable
{
    // Differs in every process, so that a file cannot be made of strings that collide.
    private static readonly ulong Seed = (ulong)HashCode.Combine(1) << 32 ^ (ulong)HashCode.Combine(2);

    private readonly ByteTexts _texts;
    private readonly int[] _slots;

    /// <summary>An empty table over texts, with room for all of them.</summary>
    public PieceTable(ByteTexts texts)
    {
        _texts = texts;
        _slots = new int[BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, texts.Count * 2))];
    }

    /// <summary>Length of the longest text that can be found.</summary>
    public int LongestLength { get; private set; }

    /// <summary>Enters a text under its number; false when an equal text is there already.</summary>
    public bool TryAdd(int index)
    {
        var text = _texts[index];
        ref var slot = ref Slot(text);
        if (slot != 0) return false;
        slot = index + 1;
        LongestLength = Math.Max(LongestLength, text.Length);
        return true;
    }

    /// <summary>The number of a text, or -1.</summary>
    public int Find(ReadOnlySpan<byte> text) => text.Length > LongestLength ? -1 : Slot(text) - 1;

    /// <summary>Whether a mark is a text of the table, and stands only at the beginning of others.</summary>
    public bool HasOnlyBefore(ReadOnlySpan<byte> mark)
    {
        foreach (var slot in _slots)
        {
            if (slot == 0) continue;
            var word = _texts[slot - 1];
            while (word.StartsWith(mark)) word = word[mark.Length..];
            if (word.IndexOf(mark) >= 0) return false;
        }
        return Find(mark) >= 0;
    }

    private ref int Slot(ReadOnlySpan<byte> text)
    {
        var mask = _slots.Length - 1;
        for (var i = (int)Hash(text) & mask; ; i = i + 1 & mask)
        {
            ref var slot = ref _slots[i];
            if (slot == 0 || _texts[slot - 1].SequenceEqual(text)) return ref slot;
        }
    }

    private static uint Hash(ReadOnlySpan<byte> text)
    {
        var hash = Seed ^ (ulong)text.Length;
        for (; text.Length >= 8; text = text[8..]) hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(text));
        if (text.Length >= 4)
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt32LittleEndian(text));
            text = text[4..];
        }
        foreach (var b in text) hash = hash << 8 ^ hash >> 56 ^ b;
        return (uint)(Mix(hash) >> 32);
    }

    private static ulong Mix(ulong x)
    {
        x *= 0x9E37_79B9_7F4A_7C15;
        return x ^ x >> 29;
    }
}
