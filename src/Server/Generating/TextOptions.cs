using Minka.Engine.Constraints;
using Minka.Engine.Sampling;

namespace Minka.Server.Generating;

/// <summary>How a prompt is continued; what every dialect translates its fields to.</summary>
internal sealed record TextOptions
{
    /// <summary>How the next token is picked; the seed is always set.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Tokens to make at most, per choice.</summary>
    public int TokensMax { get; init; } = int.MaxValue;

    /// <summary>Tokens before which the text does not end.</summary>
    public int TokensMin { get; init; }

    /// <summary>Texts that end the answer.</summary>
    public IReadOnlyList<string> Stops { get; init; } = [];

    /// <summary>The stop string that was met stays in the text.</summary>
    public bool KeepsStop { get; init; }

    /// <summary>Token ids that end the answer, besides the model's own.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];

    /// <summary>The model's own ends of text are ordinary tokens.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>Special tokens are written out.</summary>
    public bool ShowsSpecial { get; init; }

    /// <summary>Independent answers.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>Events carry their tokens.</summary>
    public bool WantsTokens { get; init; }

    /// <summary>Tokens come with log-probabilities; implies <see cref="WantsTokens"/>.</summary>
    public bool WantsLogprobs { get; init; }

    /// <summary>Most probable tokens beside each token.</summary>
    public int TopLogprobs { get; init; }

    /// <summary>The prompt's tokens come with log-probabilities.</summary>
    public bool WantsPromptLogprobs { get; init; }

    /// <summary>Most probable tokens beside each token of the prompt, which are shown by themselves; null for not.
    /// </summary>
    public int? PromptTopLogprobs { get; init; }

    /// <summary>What the text must look like; null for nothing in particular.</summary>
    public Constraint? Constraint { get; init; }

    /// <summary>The field that says so, for who is told what is wrong with it.</summary>
    public string ConstraintField { get; init; } = "structured_outputs";

    /// <summary>Lower runs first.</summary>
    public int Priority { get; init; }

    /// <summary>The answer fails if it is not whole by then, from when it was asked for.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.MaxValue;

    /// <summary>Separates prefix caches.</summary>
    public string CacheSalt { get; init; } = "";
}
