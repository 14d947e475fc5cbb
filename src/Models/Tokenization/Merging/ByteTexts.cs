using System.Buffers;

namespace Minka.Models.Tokenization.Merging;

/// <summary>Many short byte strings in one array, numbered from 0; a gap is an empty one.</summary>
internal sealed class ByteTexts
{
    private readonly byte[] _bytes;
    private readonly int[] _starts;

    private ByteTexts(byte[] bytes, int[] starts) => (_bytes, _starts) = (bytes, starts);

    /// <summary>How many there are.</summary>
    public int Count => _starts.Length - 1;

    /// <summary>The text of a number; empty for a gap or a number out of range.</summary>
    public ReadOnlySpan<byte> this[int index] => (uint)index < (uint)Count
        ? _bytes.AsSpan(_starts[index], _starts[index + 1] - _starts[index])
        : [];

    /// <summary>Length of the longest.</summary>
    public int LongestLength { get; private init; }

    /// <summary>Lays out texts that arrive in the order of their numbers.</summary>
    internal sealed class Builder
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();
        private readonly List<int> _starts = [0];
        private int _longest;

        public void Add(ReadOnlySpan<byte> text)
        {
            _bytes.Write(text);
            _starts.Add(_bytes.WrittenCount);
            _longest = Math.Max(_longest, text.Length);
        }

        public ByteTexts Build() => new(_bytes.WrittenSpan.ToArray(), [.. _starts]) { LongestLength = _longest };
    }
}
