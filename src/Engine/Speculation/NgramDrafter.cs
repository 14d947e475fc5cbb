using Minka.Engine.Scheduling;

namespace Minka.Engine.Speculation;

/// <summary>How far repetition is looked for.</summary>
public sealed record NgramOptions
{
    /// <summary>Tokens guessed for one sequence in one step: with the token before them as many as kernels take at
    /// once.</summary>
    public int DraftsMax { get; init; } = 15;

    /// <summary>Tokens guessed in one step for all sequences together.</summary>
    public int DraftsPerStepMax { get; init; } = 16;

    /// <summary>The longest end of the text that is looked for earlier in it. What is found may be longer.</summary>
    public int MatchMax { get; init; } = 4;

    /// <summary>The shortest end of the text that is looked for.</summary>
    public int MatchMin { get; init; } = 2;

    /// <summary>How many tokens back it is looked for.</summary>
    public int WindowMax { get; init; } = 16_384;
}

/// <summary>Guesses that a text goes on as it did before: the end of it is looked for in prompt and text so
/// far.</summary>
/// <remarks>
/// Needs no second model; pays where text is copied, edited or quoted (Saxena 2023, prompt lookup). It guesses no more
/// tokens than the two places have in common: two words say little, a long copy says that it will go on (Oliaro 2024).
/// </remarks>
public sealed class NgramDrafter : IDrafter
{
    private readonly NgramOptions _options;
    private readonly int[] _guess;

    /// <summary>Makes a drafter.</summary>
    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    public NgramDrafter(NgramOptions options)
    {
        if (options.MatchMin < 1 || options.MatchMax < options.MatchMin)
            throw new ArgumentException($"Matches of {options.MatchMin} to {options.MatchMax} tokens are asked for; at "
                + "least 1, and no fewer at most than at least, are needed.");
        if (options.DraftsMax < 1 || options.DraftsPerStepMax < 1 || options.WindowMax < 1)
            throw new ArgumentException($"{options.DraftsMax} drafts, {options.DraftsPerStepMax} per step and a window "
                + $"of {options.WindowMax} are asked for; each must be at least 1.");
        _options = options;
        _guess = new int[options.DraftsMax];
    }

    /// <inheritdoc/>
    public void Propose(IReadOnlyList<Sequence> running)
    {
        var most = DraftShare.Of(running, _options.DraftsMax, _options.DraftsPerStepMax);
        if (most == 0) return;
        for (var i = 0; i < running.Count; i++)
        {
            var sequence = running[i];
            if (!DraftShare.CanDraft(sequence)) continue;
            sequence.DraftLength.Look(sequence.Tokens);
            var count = sequence.DraftLength.Next(most);
            var guesses = Guess(sequence.Tokens, _guess.AsSpan(0, Math.Max(count, 1)));
            if (count > 0) sequence.Draft(_guess.AsSpan(0, guesses));
            else if (guesses > 0) sequence.DraftLength.Foresee(sequence.Known, _guess[0]);
        }
    }

    /// <inheritdoc/>
    public void Forget(Sequence sequence) { }

    /// <summary>What followed the latest earlier place that ends like the text does, the longest match first.</summary>
    /// <param name="tokens">The text.</param>
    /// <param name="guess">Filled from the start.</param>
    /// <returns>Tokens guessed. Past the end of the text the guess repeats itself, as the text did.</returns>
    internal int Guess(ReadOnlySpan<int> tokens, Span<int> guess)
    {
        if (tokens.Length > _options.WindowMax) tokens = tokens[^_options.WindowMax..];
        for (var length = Math.Min(_options.MatchMax, tokens.Length - 1); length >= _options.MatchMin; length--)
        {
            var at = tokens[..^1].LastIndexOf(tokens[^length..]);
            if (at < 0) continue;
            var next = at + length;
            var count = Math.Min(guess.Length, Common(tokens, at, length, guess.Length));
            for (var i = 0; i < count; i++)
                guess[i] = next + i < tokens.Length ? tokens[next + i] : guess[next + i - tokens.Length];
            return count;
        }
        return 0;
    }

    /// <summary>How far two places, of which <paramref name="length"/> tokens are known to be equal, are equal
    /// backwards; counted up to <paramref name="most"/>.</summary>
    private static int Common(ReadOnlySpan<int> tokens, int at, int length, int most)
    {
        while (length < most && at > 0 && tokens[at - 1] == tokens[^(length + 1)])
        {
            at--;
            length++;
        }
        return length;
    }
}

/// <summary>How the tokens that a step may guess are shared between its sequences.</summary>
internal static class DraftShare
{
    /// <summary>Whether a sequence takes part in the next step with one token.</summary>
    public static bool CanDraft(Sequence sequence) =>
        sequence is { Missing: 1, Generated: > 0, IsPaused: false, InFlight: false };

    /// <summary>Tokens that each may guess: a machine that computes many sequences at once has little left for
    /// guesses.</summary>
    public static int Of(IReadOnlyList<Sequence> running, int mostEach, int mostTogether)
    {
        var count = 0;
        for (var i = 0; i < running.Count; i++) if (CanDraft(running[i])) count++;
        return count == 0 ? 0 : Math.Min(mostEach, mostTogether / count);
    }
}
