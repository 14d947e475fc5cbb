using Minka.Engine.KvCache;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;
using Minka.Models;

namespace Minka.Engine.Speculation;

/// <summary>Guesses with a smaller model of the same vocabulary, which keeps its own keys and values.</summary>
/// <remarks>
/// It draws with the same rules and the same number for each position as the large model will, so that they say the
/// same as often as they can. It computes what it lacks of each text, then one token of every sequence at a time.
/// </remarks>
public sealed class ModelDrafter : IDrafter
{
    /// <summary>Tokens guessed for one sequence in one step, if nothing else is said.</summary>
    public const int DraftsByDefault = 4;

    // Models of a family share their tokens, but may pad their matrices to different sizes.
    private const int PaddingMax = 1024;

    private readonly ICausalModel _model;
    private readonly float[] _row;
    private readonly int _draftsMax, _draftsPerStepMax;
    private readonly ForwardInput _input;
    private readonly float[] _logits;
    private readonly Sampler _sampler;
    private readonly BlockPool _pool;
    private readonly Dictionary<Sequence, Memory> _memories = [];
    private readonly List<Memory> _active = [], _chunks = [];
    private readonly List<int> _guesses = [];

    /// <summary>What the model has computed of one sequence.</summary>
    private sealed class Memory(Sequence sequence)
    {
        public Sequence Sequence { get; } = sequence;
        public BlockTable Table { get; } = new();

        /// <summary>Tokens whose keys and values are there, guesses included.</summary>
        public List<int> Computed { get; } = [];

        /// <summary>Guesses that are wanted in this step.</summary>
        public int Wanted { get; set; }

        public ReadOnlySpan<int> Text => Sequence.TokensAndDrafts;
    }

    /// <summary>Wraps a draft model, which stays the caller's to dispose.</summary>
    /// <param name="model">Built for as many sequences as the engine runs, with one row of logits each.</param>
    /// <param name="vocabularySize">The large model's.</param>
    /// <param name="draftsMax">Tokens guessed for one sequence in one step.</param>
    /// <param name="draftsPerStepMax">Tokens guessed in one step for all sequences together.</param>
    /// <exception cref="ArgumentException">The vocabularies differ.</exception>
    public ModelDrafter(
        ICausalModel model, int vocabularySize, int draftsMax = DraftsByDefault, int draftsPerStepMax = 16)
    {
        if (Math.Abs(model.Config.VocabularySize - vocabularySize) > Math.Min(PaddingMax, vocabularySize / 8))
            throw new ArgumentException($"The draft model has {model.Config.VocabularySize} tokens, the model has "
                + $"{vocabularySize}; guesses need the same vocabulary. Take a smaller model of the same family.");
        ArgumentOutOfRangeException.ThrowIfLessThan(draftsMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(draftsPerStepMax, 1);
        _model = model;
        _draftsMax = draftsMax;
        _draftsPerStepMax = draftsPerStepMax;
        _input = new ForwardInput(model.Limits);
        _logits = new float[checked(model.Limits.LogitRows * model.Config.VocabularySize)];
        _row = new float[vocabularySize];
        _sampler = new Sampler(vocabularySize);
        _pool = new BlockPool(model.KvBlocks);
    }

    /// <inheritdoc/>
    public void Propose(IReadOnlyList<Sequence> running)
    {
        var most = DraftShare.Of(running, _draftsMax, _draftsPerStepMax);
        _active.Clear();
        for (var i = 0; i < running.Count && most > 0; i++)
        {
            if (!DraftShare.CanDraft(running[i])) continue;
            var count = Math.Min(running[i].DraftLength.Next(most), running[i].LengthMax - running[i].Known - 1);
            if (count <= 0) continue;
            var memory = MemoryOf(running[i]);
            memory.Wanted = count;
            TakeBack(memory);
            _active.Add(memory);
        }
        for (var round = 0; round < most && _active.Count > 0; round++) Step();
    }

    /// <inheritdoc/>
    public void Forget(Sequence sequence)
    {
        if (_memories.Remove(sequence, out var memory)) Release(memory);
    }

    private Memory MemoryOf(Sequence sequence)
    {
        if (!_memories.TryGetValue(sequence, out var memory)) _memories.Add(sequence, memory = new Memory(sequence));
        return memory;
    }

    /// <summary>Keeps what was computed only as far as the text really went that way.</summary>
    private static void TakeBack(Memory memory)
    {
        var text = memory.Text;
        var same = Math.Min(memory.Computed.Count, text.Length - 1);
        // Only the last few can be wrong: the guesses of the step before.
        var wrong = same;
        for (var i = same - 1; i >= 0 && i >= same - 65; i--) if (memory.Computed[i] != text[i]) wrong = i;
        memory.Computed.RemoveRange(wrong, memory.Computed.Count - wrong);
    }

    /// <summary>Runs the model once: the next tokens of every text, and one more guess where none is missing.</summary>
    private void Step()
    {
        _input.Clear();
        _chunks.Clear();
        foreach (var memory in _active)
        {
            if (_chunks.Count == Math.Min(_model.Limits.Sequences, _model.Limits.LogitRows)) break;
            var start = memory.Computed.Count;
            var count = Math.Min(memory.Text.Length - start, _model.Limits.Tokens - _input.TokenCount);
            if (count <= 0 || !TryReserve(memory, start + count)) continue;
            // A token that only the large model has stands in no text that both were made for.
            if (memory.Text.Slice(start, count).ContainsAnyExceptInRange(0, _model.Config.VocabularySize - 1)) continue;
            _input.AddSequence(
                memory.Text.Slice(start, count), start, memory.Sequence.PromptLength, memory.Table.Blocks, 1);
            foreach (var token in memory.Text.Slice(start, count)) memory.Computed.Add(token);
            _chunks.Add(memory);
        }
        _active.Clear();
        if (_chunks.Count == 0) return;

        var vocabulary = _model.Config.VocabularySize;
        _model.Forward(_input, _logits.AsSpan(0, _input.LogitCount * vocabulary));
        for (var row = 0; row < _chunks.Count; row++)
            if (TryGuess(_chunks[row], _logits.AsSpan(row * vocabulary, vocabulary))) _active.Add(_chunks[row]);
    }

    /// <summary>Adds a guess to a text that is computed to its end; true when another one is wanted after it.</summary>
    private bool TryGuess(Memory memory, ReadOnlySpan<float> logits)
    {
        var sequence = memory.Sequence;
        if (memory.Computed.Count < memory.Text.Length) return false;
        var common = Math.Min(logits.Length, _row.Length);
        logits[..common].CopyTo(_row);
        _row.AsSpan(common).Fill(float.NegativeInfinity);
        if (!_sampler.TrySample(sequence, memory.Text.Length, _row, out var token)) return false;

        _guesses.Clear();
        foreach (var draft in memory.Text[sequence.Known..]) _guesses.Add(draft);
        _guesses.Add(token);
        sequence.Draft(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_guesses));
        return sequence.DraftCount < memory.Wanted && !sequence.StopIds.AsSpan().Contains(token);
    }

    private bool TryReserve(Memory memory, int tokens)
    {
        if (tokens > _model.Config.ContextLength) return false;
        while (memory.Table.Count < SequenceBlocks.For(tokens))
        {
            if (_pool.TryTake(out var block)) memory.Table.Add(block);
            else if (!TryReclaim()) return false;
        }
        return true;
    }

    /// <summary>Takes the blocks of a sequence that waits: what it knows can be computed again.</summary>
    private bool TryReclaim()
    {
        foreach (var memory in _memories.Values)
        {
            var runs = memory.Sequence is { State: SequenceState.Running, IsPaused: false };
            if (runs || memory.Table.Count == 0) continue;
            Release(memory);
            memory.Table.Clear();
            memory.Computed.Clear();
            return true;
        }
        return false;
    }

    private void Release(Memory memory)
    {
        foreach (var block in memory.Table.Blocks) _pool.Release(block);
    }
}
