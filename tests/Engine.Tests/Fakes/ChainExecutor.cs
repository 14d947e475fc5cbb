using Minka.Engine.Execution;
using Minka.Engine.Scheduling;
using Minka.Models;

namespace Minka.Engine.Tests.Fakes;

/// <summary>The least executor that notices any mistake with blocks: each slot holds a hash of the prefix up to
/// it.</summary>
/// <remarks>
/// A token's hash is made from the hash that its sequence's blocks hold for the position before. The next token is a
/// function of the last hash, so what a sequence says is known in advance, and a wrong block makes it say another
/// thing.
/// </remarks>
internal sealed class ChainExecutor(SchedulerOptions options, int kvBlocks) : IExecutor
{
    public const int Vocabulary = 1000;

    private readonly (ulong Hash, int Position)[] _slots = new (ulong, int)[kvBlocks * ForwardInput.BlockTokens];

    public ExecutorShape Shape { get; } =
        new(Vocabulary, options.ContextMax, kvBlocks, options.StepLimits(kvBlocks));

    /// <summary>Before the first token.</summary>
    public const ulong Start = 0x243F6A8885A308D3;

    public static ulong Next(ulong hash, int token) => (hash ^ (uint)token) * 0x9E3779B97F4A7C15 >> 5 ^ hash << 31;

    /// <summary>What follows a prefix with this hash.</summary>
    public static int Say(ulong hash) => (int)((hash ^ hash >> 29) % Vocabulary);

    public ValueTask ExecuteAsync(Batch batch, CancellationToken cancellation)
    {
        Execute(batch);
        return ValueTask.CompletedTask;
    }

    public void Execute(Batch batch)
    {
        const int block = ForwardInput.BlockTokens;
        foreach (var copy in batch.Copies)
            _slots.AsSpan(copy.Source * block, block).CopyTo(_slots.AsSpan(copy.Target * block));
        for (var i = 0; i < batch.Chunks.Length; i++) Execute(batch, i);
    }

    private void Execute(Batch batch, int index)
    {
        var chunk = batch.Chunks[index];
        var sequence = chunk.Sequence;
        var tokens = sequence.TokensAndDrafts;
        var blocks = sequence.Blocks;
        var hash = chunk.Start == 0 ? Start : Read(blocks, chunk.Start - 1);
        var goesOn = true;
        for (var position = chunk.Start; position < chunk.Start + chunk.Count; position++)
        {
            hash = Next(hash, tokens[position]);
            _slots[Slot(blocks, position)] = (hash, position);
            if (position < chunk.Start + chunk.Count - chunk.SampleRows || !goesOn) continue;
            batch.AddSampled(index, Say(hash));
            goesOn = position + 1 < tokens.Length && tokens[position + 1] == Say(hash);
        }
    }

    private ulong Read(ReadOnlySpan<int> blocks, int position)
    {
        var (hash, written) = _slots[Slot(blocks, position)];
        if (written != position)
            throw new InvalidDataException($"Position {position} is looked for and {written} found.");
        return hash;
    }

    private static int Slot(ReadOnlySpan<int> blocks, int position) =>
        blocks[position / ForwardInput.BlockTokens] * ForwardInput.BlockTokens + position % ForwardInput.BlockTokens;
}
