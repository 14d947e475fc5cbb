using System.Runtime.InteropServices;
using Minka.Engine.Scheduling;
using Minka.Models;

namespace Minka.Cluster;

/// <summary>One step as bytes: what the root sends to every rank.</summary>
/// <remarks>
/// Little-endian numbers of four bytes: copies, sequences; source and target of each copy; and of each sequence its
/// start, tokens, prompt length, blocks, logit rows, how many of the largest logits of each row are wanted (0: all),
/// what else of it (1: the sum, 2: that of the token that follows), the token after the last one plus 1 (0: none), of
/// how many of its last tokens the hidden states are summed for an embedding, then its tokens, then its blocks.
/// </remarks>
internal sealed class StepFrame
{
    private const int Numbers = 9, SumBit = 1, NextBit = 2;

    private readonly StepLimits _limits;
    private readonly int _vocabularySize, _kvBlocks;
    private readonly int[] _numbers;
    private readonly BlockCopy[] _copies;
    private readonly LogitRow[] _rows;
    private readonly int[] _pooled;
    private int _copyCount;

    /// <param name="limits">The largest step.</param>
    /// <param name="vocabularySize">Tokens are below this.</param>
    /// <param name="kvBlocks">Blocks are below this.</param>
    /// <param name="bytesMax">Longest message of the transport.</param>
    /// <exception cref="ArgumentException">The largest step does not fit into a message.</exception>
    public StepFrame(StepLimits limits, int vocabularySize, int kvBlocks, int bytesMax)
    {
        (_limits, _vocabularySize, _kvBlocks) = (limits, vocabularySize, kvBlocks);
        _copies = new BlockCopy[limits.Sequences];
        _rows = new LogitRow[limits.LogitRows];
        _pooled = new int[limits.Sequences];
        var count = checked(2 + (2 * limits.Sequences) + (Numbers * limits.Sequences) + limits.Tokens
            + limits.TableBlocks);
        if (count * (long)sizeof(int) > bytesMax)
            throw new ArgumentException($"A step of {limits} takes {count * (long)sizeof(int)} bytes; a message has at "
                + $"most {bytesMax}. Lower the sequences or the context.", nameof(limits));
        _numbers = new int[count];
    }

    /// <summary>Blocks to copy before the step that was read.</summary>
    public ReadOnlySpan<BlockCopy> Copies => _copies.AsSpan(0, _copyCount);

    /// <summary>What is wanted of each row of logits.</summary>
    public ReadOnlySpan<LogitRow> Rows => _rows;

    /// <summary>Of each sequence that was read, of how many of its last tokens the hidden states are summed.</summary>
    public ReadOnlySpan<int> Pooled => _pooled;

    /// <summary>Writes a step, and remembers <see cref="Rows"/>. The bytes are valid until the next.</summary>
    /// <param name="input">The step.</param>
    /// <param name="copies">Blocks to copy first.</param>
    /// <param name="rows">Of each sequence, what is wanted of its rows of logits; empty wants all.</param>
    /// <param name="pooled">Of each sequence, how many of its last tokens an embedding lacks; empty: none.</param>
    public ReadOnlySpan<byte> Write(
        ForwardInput input, ReadOnlySpan<BlockCopy> copies, ReadOnlySpan<SequenceRows> rows,
        ReadOnlySpan<int> pooled = default)
    {
        var (at, row) = (0, 0);
        _numbers[at++] = copies.Length;
        _numbers[at++] = input.SequenceCount;
        foreach (var copy in copies) (_numbers[at++], _numbers[at++]) = (copy.Source, copy.Target);
        var layout = input.Layout;
        var logits = input.LogitRows;
        for (var s = 0; s < input.SequenceCount; s++)
        {
            var (first, end) = (layout.RowStarts[s], layout.RowStarts[s + 1]);
            var blocks = layout.Blocks[layout.BlockStarts[s]..layout.BlockStarts[s + 1]];
            var wanted = 0;
            while (wanted < logits.Length && logits[wanted] < end) wanted++;
            _numbers[at++] = layout.Positions[first];
            _numbers[at++] = end - first;
            _numbers[at++] = input.PromptLengths[s];
            _numbers[at++] = blocks.Length;
            _numbers[at++] = wanted;
            var want = rows.IsEmpty ? SequenceRows.All : rows[s];
            _numbers[at++] = want.Needed.Largest;
            _numbers[at++] = (want.Needed.HasSum ? SumBit : 0) | (want.Needed.HasNext ? NextBit : 0);
            _numbers[at++] = want.Next + 1;
            want.CopyTo(input.Tokens[first..end], _rows.AsSpan(row, wanted));
            row += wanted;
            _numbers[at++] = pooled.IsEmpty ? 0 : pooled[s];
            input.Tokens[first..end].CopyTo(_numbers.AsSpan(at));
            blocks.CopyTo(_numbers.AsSpan(at + end - first));
            at += end - first + blocks.Length;
            logits = logits[wanted..];
        }
        return MemoryMarshal.AsBytes(_numbers.AsSpan(0, at));
    }

    /// <summary>Reads a step into <paramref name="input"/>, which is cleared first.</summary>
    /// <exception cref="InvalidDataException">The bytes are no step, or not one within the limits.</exception>
    public void Read(ReadOnlySpan<byte> bytes, ForwardInput input)
    {
        if (bytes.Length % sizeof(int) != 0 || bytes.Length > _numbers.Length * sizeof(int)) throw Wrong();
        bytes.CopyTo(MemoryMarshal.AsBytes(_numbers.AsSpan()));
        var left = new Reader(_numbers.AsSpan(0, bytes.Length / sizeof(int)));
        var (copies, sequences) = (left.Next(_limits.Sequences), left.Next(_limits.Sequences));
        for (_copyCount = 0; _copyCount < copies; _copyCount++)
            _copies[_copyCount] = new(left.Next(_kvBlocks - 1), left.Next(_kvBlocks - 1));

        input.Clear();
        var tableBlocks = 0;
        for (var s = 0; s < sequences; s++) ReadSequence(ref left, input, ref tableBlocks);
        if (!left.IsEmpty) throw Wrong();
    }

    private void ReadSequence(ref Reader left, ForwardInput input, ref int tableBlocks)
    {
        var start = left.Next((_kvBlocks * ForwardInput.BlockTokens) - 1);
        var count = left.Next(_limits.Tokens - input.TokenCount);
        var promptLength = left.Next(int.MaxValue);
        var blocks = left.Next(_limits.TableBlocks - tableBlocks);
        var logits = left.Next(Math.Min(count, _limits.LogitRows - input.LogitCount));
        var largest = left.Next(LogitRows.LargestMax);
        var also = left.Next(SumBit | NextBit);
        var next = left.Next(_vocabularySize) - 1;
        _pooled[input.SequenceCount] = left.Next(count);
        var tokens = left.Take(count, _vocabularySize);
        var table = left.Take(blocks, _kvBlocks);
        if (count == 0 || start + (long)count > blocks * (long)ForwardInput.BlockTokens) throw Wrong();
        new SequenceRows(new(largest, (also & SumBit) != 0, (also & NextBit) != 0), next)
            .CopyTo(tokens, _rows.AsSpan(input.LogitCount, logits));
        tableBlocks += blocks;
        input.AddSequence(tokens, start, promptLength, table, logits);
    }

    private static InvalidDataException Wrong() => new(
        "The root sent a step that is none, or that is larger than agreed; root and worker are of different builds.");

    /// <summary>Takes numbers that are checked one by one.</summary>
    private ref struct Reader(ReadOnlySpan<int> numbers)
    {
        private ReadOnlySpan<int> _left = numbers;

        public readonly bool IsEmpty => _left.IsEmpty;

        public int Next(int atMost)
        {
            if (_left.IsEmpty || _left[0] < 0 || _left[0] > atMost) throw Wrong();
            var number = _left[0];
            _left = _left[1..];
            return number;
        }

        public ReadOnlySpan<int> Take(int count, int below)
        {
            if (count > _left.Length) throw Wrong();
            var taken = _left[..count];
            foreach (var number in taken)
                if ((uint)number >= (uint)below) throw Wrong();
            _left = _left[count..];
            return taken;
        }
    }
}
