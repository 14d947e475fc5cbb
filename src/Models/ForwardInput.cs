using Minka.Compute;

namespace Minka.Models;

/// <summary>Everything a rank must know to run one step. Plain integers, so a cluster sends it as bytes.</summary>
/// <remarks>
/// Filled and cleared every step; its arrays are sized once, so a step allocates nothing. Sequences are concatenated:
/// sequence s owns rows <c>[RowStarts[s], RowStarts[s+1])</c>, at consecutive positions.
/// </remarks>
public sealed class ForwardInput
{
    /// <summary>Positions per KV block.</summary>
    public const int BlockTokens = KvShape.BlockTokens;

    private readonly int[] _tokens, _positions, _slots, _logitRows, _rowStarts, _promptLengths, _blockStarts, _blocks;

    /// <summary>Makes room for the largest step.</summary>
    /// <param name="limits">Tokens, sequences, blocks and logit rows of the largest step.</param>
    public ForwardInput(StepLimits limits)
    {
        _tokens = new int[limits.Tokens];
        _positions = new int[limits.Tokens];
        _slots = new int[limits.Tokens];
        _logitRows = new int[limits.LogitRows];
        _rowStarts = new int[limits.Sequences + 1];
        _promptLengths = new int[limits.Sequences];
        _blockStarts = new int[limits.Sequences + 1];
        _blocks = new int[limits.TableBlocks];
    }

    /// <summary>Tokens in the step, T.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Sequences in the step.</summary>
    public int SequenceCount { get; private set; }

    /// <summary>Rows whose logits are wanted.</summary>
    public int LogitCount { get; private set; }

    /// <summary>Whether it helps to know the largest logit of each row, <see cref="ICausalModel.Largest"/>.</summary>
    public bool WantsLargest { get; set; }

    /// <summary>Token ids, <c>[T]</c>.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, TokenCount);

    /// <summary>Position of each token in its own sequence, <c>[T]</c>.</summary>
    public ReadOnlySpan<int> Positions => _positions.AsSpan(0, TokenCount);

    /// <summary>Where each token's key and value go: <c>block * 16 + offset</c>, <c>[T]</c>.</summary>
    public ReadOnlySpan<int> Slots => _slots.AsSpan(0, TokenCount);

    /// <summary>Rows whose logits are wanted, ascending.</summary>
    public ReadOnlySpan<int> LogitRows => _logitRows.AsSpan(0, LogitCount);

    /// <summary>First row of each sequence, and one past the last, <c>[sequences + 1]</c>.</summary>
    public ReadOnlySpan<int> RowStarts => _rowStarts.AsSpan(0, SequenceCount + 1);

    /// <summary>Prompt length of each sequence: rope scalings that depend on length take it from here.</summary>
    public ReadOnlySpan<int> PromptLengths => _promptLengths.AsSpan(0, SequenceCount);

    /// <summary>Where attention finds each sequence's rows and blocks.</summary>
    public PagedLayout Layout => new(
        RowStarts, Positions,
        _blockStarts.AsSpan(0, SequenceCount + 1), _blocks.AsSpan(0, _blockStarts[SequenceCount]));

    /// <summary>Forgets the last step.</summary>
    public void Clear() => (TokenCount, SequenceCount, LogitCount, WantsLargest) = (0, 0, 0, false);

    /// <summary>Adds the next tokens of one sequence.</summary>
    /// <param name="tokens">Token ids at positions <paramref name="start"/> and on.</param>
    /// <param name="start">Tokens of the sequence already computed.</param>
    /// <param name="promptLength">Tokens of its prompt.</param>
    /// <param name="blocks">Its block table, covering at least <c>start + tokens.Length</c> positions.</param>
    /// <param name="logits">How many of the last tokens want logits.</param>
    public void AddSequence(ReadOnlySpan<int> tokens, int start, int promptLength, ReadOnlySpan<int> blocks, int logits)
    {
        var needed = (start + tokens.Length + KvShape.BlockTokens - 1) / KvShape.BlockTokens;
        if (blocks.Length < needed)
            throw new ArgumentException($"{blocks.Length} blocks hold {blocks.Length * KvShape.BlockTokens} positions; "
                + $"tokens [{start}, {start + tokens.Length}) need {needed} blocks.", nameof(blocks));

        for (var i = 0; i < tokens.Length; i++)
        {
            var position = start + i;
            _tokens[TokenCount + i] = tokens[i];
            _positions[TokenCount + i] = position;
            _slots[TokenCount + i] =
                blocks[position / KvShape.BlockTokens] * KvShape.BlockTokens + position % KvShape.BlockTokens;
        }
        for (var i = tokens.Length - logits; i < tokens.Length; i++) _logitRows[LogitCount++] = TokenCount + i;

        var tableStart = _blockStarts[SequenceCount];
        blocks[..needed].CopyTo(_blocks.AsSpan(tableStart));
        _promptLengths[SequenceCount] = promptLength;
        TokenCount += tokens.Length;
        SequenceCount++;
        _rowStarts[SequenceCount] = TokenCount;
        _blockStarts[SequenceCount] = tableStart + needed;
    }

    /// <summary>Adds a sequence of another step as it is there.</summary>
    internal void AddSequence(ForwardInput from, int sequence)
    {
        var (first, end) = (from._rowStarts[sequence], from._rowStarts[sequence + 1]);
        var logits = 0;
        foreach (var row in from.LogitRows)
            if (row >= first && row < end) logits++;
        AddSequence(
            from._tokens.AsSpan(first, end - first), first < end ? from._positions[first] : 0,
            from._promptLengths[sequence],
            from._blocks.AsSpan()[from._blockStarts[sequence]..from._blockStarts[sequence + 1]], logits);
    }
}

/// <summary>The largest step a model must be able to run; scratch is sized from it once.</summary>
/// <param name="Tokens">Tokens of all sequences together.</param>
/// <param name="Sequences">Sequences at once.</param>
/// <param name="LogitRows">Rows whose logits are wanted.</param>
/// <param name="TableBlocks">Entries of all block tables together.</param>
public sealed record StepLimits(int Tokens, int Sequences, int LogitRows, int TableBlocks);
