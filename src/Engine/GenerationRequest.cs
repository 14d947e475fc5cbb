using Minka.Engine.Constraints;
using Minka.Engine.Sampling;

namespace Minka.Engine;

/// <summary>A prompt and how to continue it.</summary>
public sealed record GenerationRequest
{
    /// <summary>Choices of one request at most.</summary>
    public const int ChoicesMax = 16;

    /// <summary>Log-probabilities per token at most.</summary>
    public const int TopLogprobsMax = 20;

    /// <summary>Token ids; at least one.</summary>
    public required ReadOnlyMemory<int> Prompt { get; init; }

    /// <summary>How the next token is picked.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Tokens to generate at most, per choice; more than the context holds means as many as it
    /// holds.</summary>
    public int TokensMax { get; init; } = int.MaxValue;

    /// <summary>Tokens before which the text cannot end by an end of text or a stop id.</summary>
    public int TokensMin { get; init; }

    /// <summary>Ids that end the text, besides the model's own ends of text.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];

    /// <summary>Whether the model's own ends of text are ordinary tokens.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>Independent continuations of the same prompt.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>Whether each token comes with its log-probability.</summary>
    public bool WantsLogprobs { get; init; }

    /// <summary>Most probable tokens to report with each token; only with <see cref="WantsLogprobs"/>.</summary>
    public int TopLogprobs { get; init; }

    /// <summary>Whether the prompt's tokens come with log-probabilities.</summary>
    public bool WantsPromptLogprobs { get; init; }

    /// <summary>Most probable tokens to report with each token of the prompt; as many as
    /// <see cref="TopLogprobs"/> when null.</summary>
    public int? PromptTopLogprobs { get; init; }

    /// <summary>What the text must look like; nothing in particular when null.</summary>
    public Constraint? Constraint { get; init; }

    /// <summary>The prompt's embedding is wanted, and no text: <see cref="TokensMax"/> must be 0.</summary>
    public EmbeddingOptions? Embedding { get; init; }

    /// <summary>Lower runs first.</summary>
    public int Priority { get; init; }

    /// <summary>Whose request it is: keys share the engine fairly.</summary>
    public string Key { get; init; } = "";

    /// <summary>Requests with different salts never share cached prefixes, so none can be timed by another.</summary>
    public string CacheSalt { get; init; } = "";

    /// <summary>It ends so long after it was submitted, at the latest.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.MaxValue;

    /// <summary>Checks every value.</summary>
    /// <param name="vocabularySize">Token ids are below this.</param>
    /// <param name="lengthMax">Positions a sequence may hold.</param>
    /// <exception cref="RequestRefusedException">A value is out of its range, or the prompt is too long.</exception>
    public void Validate(int vocabularySize, int lengthMax)
    {
        if (Prompt.IsEmpty) throw Refuse("prompt", "The prompt is empty; at least one token is needed.");
        foreach (var id in Prompt.Span) CheckId("prompt", id, vocabularySize);
        if (TokensMax < 0) throw Refuse("max_tokens", $"max_tokens is {TokensMax}; it cannot be negative.");
        if (Prompt.Length > lengthMax - (TokensMax > 0 ? 1 : 0))
            throw new RequestRefusedException(RefusalReason.TooLong, "prompt",
                $"The prompt has {Prompt.Length} tokens; the context holds {lengthMax}"
                + (TokensMax > 0 ? ", and one must be left for an answer" : "")
                + ". Shorten the prompt or raise --ctx.");
        if (TokensMin < 0 || TokensMin > TokensMax)
            throw Refuse("min_tokens", $"min_tokens is {TokensMin}; it lies between 0 and max_tokens, {TokensMax}.");
        foreach (var id in StopIds) CheckId("stop_token_ids", id, vocabularySize);
        if (Choices is < 1 or > ChoicesMax) throw Refuse("n", $"n is {Choices}; it lies between 1 and {ChoicesMax}.");
        if (TopLogprobs is < 0 or > TopLogprobsMax)
            throw Refuse("top_logprobs", $"top_logprobs is {TopLogprobs}; it lies between 0 and {TopLogprobsMax}.");
        if (PromptTopLogprobs is < 0 or > TopLogprobsMax)
            throw Refuse("prompt_logprobs",
                $"prompt_logprobs is {PromptTopLogprobs}; it lies between 0 and {TopLogprobsMax}.");
        if (Embedding is not null && (TokensMax > 0 || Choices > 1))
            throw Refuse("max_tokens", $"An embedding is asked for, and {Choices} texts of {TokensMax} tokens; ask for "
                + "an embedding with one choice of 0 tokens.");
        if (TimeLimit <= TimeSpan.Zero) throw Refuse("timeout", $"The time limit is {TimeLimit}; it must be positive.");
        Sampling.Validate(vocabularySize);
    }

    private static void CheckId(string parameter, int id, int vocabularySize)
    {
        if ((uint)id >= (uint)vocabularySize)
            throw Refuse(
                parameter, $"{parameter} holds the token id {id}; the model's ids are 0 to {vocabularySize - 1}.");
    }

    private static RequestRefusedException Refuse(string parameter, string message) =>
        new(RefusalReason.Invalid, parameter, message);
}
