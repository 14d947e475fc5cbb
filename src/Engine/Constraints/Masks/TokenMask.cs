using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Minka.Engine.Constraints.Masks;

/// <summary>A set of token ids: one bit each.</summary>
internal sealed class TokenMask(int count)
{
    private readonly ulong[] _words = new ulong[(count + 63) / 64];

    /// <summary>Whether a token is in the set; no id beyond the vocabulary is.</summary>
    public bool this[int id] => id >> 6 < _words.Length && (_words[id >> 6] >> id & 1) != 0;

    public void Clear() => Array.Clear(_words);

    public void Add(int id) => _words[id >> 6] |= 1ul << id;

    public void Add(TokenMask other)
    {
        for (var i = 0; i < _words.Length; i++) _words[i] |= other._words[i];
    }

    /// <summary>The only id in the set; -1 when there are none or several.</summary>
    public int Single()
    {
        var only = -1;
        for (var i = 0; i < _words.Length; i++)
        {
            if (_words[i] == 0) continue;
            if (only >= 0 || !ulong.IsPow2(_words[i])) return -1;
            only = i * 64 + (int)ulong.TrailingZeroCount(_words[i]);
        }
        return only;
    }

    /// <summary>Forbids every token outside the set.</summary>
    public void Apply(Span<float> logits)
    {
        for (var i = 0; i < _words.Length && i * 64 < logits.Length; i++)
        {
            var word = _words[i];
            if (word == ulong.MaxValue) continue;
            var block = logits.Slice(i * 64, Math.Min(64, logits.Length - i * 64));
            if (word == 0) block.Fill(float.NegativeInfinity);
            else if (block.Length == 64) Apply(word, block);
            else
                for (var bit = 0; bit < block.Length; bit++)
                    if ((word >> bit & 1) == 0) block[bit] = float.NegativeInfinity;
        }

        // A model may have more rows than its tokenizer has tokens.
        if (_words.Length * 64 < logits.Length) logits[(_words.Length * 64)..].Fill(float.NegativeInfinity);
    }

    /// <summary>Eight bits become eight lanes at a time: all ones where the token is in the set.</summary>
    private static void Apply(ulong word, Span<float> block)
    {
        var bitOfLane = Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128);
        ref var first = ref MemoryMarshal.GetReference(block);
        for (var lane = 0; lane < 64; lane += 8)
        {
            var isIn = Vector256.Equals(Vector256.Create((int)(word >> lane)) & bitOfLane, bitOfLane);
            var logits = Vector256.LoadUnsafe(ref first, (nuint)lane);
            Vector256.ConditionalSelect(isIn.AsSingle(), logits, Vector256.Create(float.NegativeInfinity))
                .StoreUnsafe(ref first, (nuint)lane);
        }
    }
}
