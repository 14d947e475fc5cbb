using System.Collections.Immutable;

namespace Minka.Engine.Sampling;

/// <summary>How the next token is picked. The defaults draw from the model's own distribution.</summary>
/// <remarks>
/// Order: constraint, allowed tokens, bad words, least length, bias, penalties, DRY; greedy picks here; then
/// temperature, min-p, top-k, typical-p, top-p, XTC (or as <see cref="Order"/> says), and the draw. Same request and
/// seed, same text: whatever else runs, on any number of threads.
/// </remarks>
public sealed record SamplingOptions
{
    // Before all that is made of it.
    private static readonly SamplingFilterKind[] DefaultOrder = Enum.GetValues<SamplingFilterKind>();

    /// <summary>The most probable token, always.</summary>
    public static readonly SamplingOptions Greedy = new() { Temperature = 0 };

    /// <summary>Chance comes from this number, the choice and the position alone.</summary>
    public ulong Seed { get; init; }

    /// <summary>Divides the logits, 0 to 100; below 0.00001 is greedy.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Keeps the k most probable tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keeps the fewest tokens whose probabilities add up to this, 0 (only the best) to 1 (all).</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Keeps tokens at least this share as probable as the best, 0 (all) to 1.</summary>
    public float MinP { get; init; }

    /// <summary>Keeps tokens of the most typical information until they add up to this; 1 keeps all.</summary>
    public float TypicalP { get; init; } = 1;

    /// <summary>Makes tokens of prompt and text less likely: above 1; 1 is off.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Taken once from the logit of tokens that occur in the text, -2 to 2.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Taken from a token's logit for each time it occurs in the text, -2 to 2.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>The penalties see this many of the last tokens; 0 sees all.</summary>
    public int PenaltyWindow { get; init; }

    /// <summary>Added to the logits of single tokens, -100 to 100.</summary>
    public IReadOnlyDictionary<int, float> LogitBias { get; init; } = ImmutableDictionary<int, float>.Empty;

    /// <summary>The only tokens that may occur in the text; all may when empty.</summary>
    public IReadOnlyList<int> AllowedIds { get; init; } = [];

    /// <summary>Sequences of token ids that never occur in the text.</summary>
    public IReadOnlyList<IReadOnlyList<int>> BadWords { get; init; } = [];

    /// <summary>Chance that XTC acts on a token, 0 (off) to 1.</summary>
    public float XtcProbability { get; init; }

    /// <summary>XTC removes all tokens at least this probable but the least of them; above 0.5 it is off.</summary>
    public float XtcThreshold { get; init; } = 0.1f;

    /// <summary>DRY: taken from the logit of a token that would go on repeating; 0 is off.</summary>
    public float DryMultiplier { get; init; }

    /// <summary>DRY: the penalty grows by this factor with each token repeated.</summary>
    public float DryBase { get; init; } = 1.75f;

    /// <summary>DRY: repetitions up to this many tokens are free.</summary>
    public int DryAllowedLength { get; init; } = 2;

    /// <summary>DRY: tokens across which nothing counts as repeated.</summary>
    public IReadOnlyList<int> DryBreakers { get; init; } = [];

    /// <summary>DRY: looks back this many tokens; 0 looks at all.</summary>
    public int DryWindow { get; init; }

    /// <summary>What narrows the candidates, in this order; what is not named does not. Each at most once.</summary>
    public IReadOnlyList<SamplingFilterKind> Order { get; init; } = DefaultOrder;

    /// <summary>How many of the largest logits decide, if nothing before top-k sums over all of them; else 0.</summary>
    internal int DecidingTopK
    {
        get
        {
            foreach (var kind in Order)
            {
                if (kind == SamplingFilterKind.TopK && TopK > 0) return TopK;
                if ((kind == SamplingFilterKind.TypicalP && TypicalP < 1)
                    || (kind == SamplingFilterKind.TopP && TopP < 1)
                    || (kind == SamplingFilterKind.Xtc && XtcProbability > 0)) return 0;
            }
            return 0;
        }
    }

    internal bool IsGreedy => Temperature < 1e-5f;

    /// <summary>Checks every value.</summary>
    /// <param name="vocabularySize">Token ids are below this.</param>
    /// <exception cref="RequestRefusedException">A value is out of its range.</exception>
    public void Validate(int vocabularySize)
    {
        Between("temperature", Temperature, 0, 100);
        Between("top_k", TopK, 0, int.MaxValue);
        Between("top_p", TopP, 0, 1);
        Between("min_p", MinP, 0, 1);
        Between("typical_p", TypicalP, 0, 1);
        Between("repetition_penalty", RepetitionPenalty, 0.01f, 100);
        Between("presence_penalty", PresencePenalty, -2, 2);
        Between("frequency_penalty", FrequencyPenalty, -2, 2);
        Between("repeat_last_n", PenaltyWindow, 0, int.MaxValue);
        Between("xtc_probability", XtcProbability, 0, 1);
        Between("xtc_threshold", XtcThreshold, 0, 1);
        Between("dry_multiplier", DryMultiplier, 0, 100);
        Between("dry_base", DryBase, 1, 10);
        Between("dry_allowed_length", DryAllowedLength, 1, 1024);
        Between("dry_penalty_last_n", DryWindow, 0, int.MaxValue);
        AtMost("logit_bias", LogitBias.Count, 1024);
        foreach (var (id, bias) in LogitBias)
        {
            CheckId("logit_bias", id, vocabularySize);
            Between("logit_bias", bias, -100, 100);
        }
        AtMost("allowed_token_ids", AllowedIds.Count, vocabularySize);
        foreach (var id in AllowedIds) CheckId("allowed_token_ids", id, vocabularySize);
        if (Order.Distinct().Count() < Order.Count)
            throw Refuse("samplers", $"samplers names {string.Join(", ", Order)}; each can be named once.");
        AtMost("bad_words", BadWords.Count, 1024);
        foreach (var word in BadWords)
        {
            Between("bad_words", word.Count, 1, 64);
            foreach (var id in word) CheckId("bad_words", id, vocabularySize);
        }
        AtMost("dry_sequence_breakers", DryBreakers.Count, 1024);
        foreach (var id in DryBreakers) CheckId("dry_sequence_breakers", id, vocabularySize);
    }

    private static void Between(string name, float value, float least, float most)
    {
        if (!(value >= least && value <= most))
            throw Refuse(name, $"{name} is {value}; it lies between {least} and {most}.");
    }

    private static void AtMost(string name, int count, int most)
    {
        if (count > most) throw Refuse(name, $"{name} has {count} entries; {most} are allowed.");
    }

    private static void CheckId(string name, int id, int vocabularySize)
    {
        if ((uint)id >= (uint)vocabularySize)
            throw Refuse(name, $"{name} holds the token id {id}; the model's ids are 0 to {vocabularySize - 1}.");
    }

    private static RequestRefusedException Refuse(string parameter, string message) =>
        new(RefusalReason.Invalid, parameter, message);
}
