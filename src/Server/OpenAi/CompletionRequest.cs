using Minka.Engine;
using Minka.Server.Generating;
using Minka.Server.Http;

namespace Minka.Server.OpenAi;

/// <summary>The fields of a completion.</summary>
internal sealed record CompletionRequest
{
    private const int PromptsMax = 128;

    /// <summary>What is continued; each by itself.</summary>
    public required IReadOnlyList<CompletionPrompt> Prompts { get; init; }

    /// <summary>How; <see cref="TextOptions.Choices"/> are made, <see cref="Choices"/> of them are shown.</summary>
    public required TextOptions Options { get; init; }

    /// <summary>Choices shown of each prompt.</summary>
    public required int Choices { get; init; }

    /// <summary>The answer begins with the prompt.</summary>
    public required bool Echoes { get; init; }

    /// <summary>Log-probabilities are shown.</summary>
    public required bool ShowsLogprobs { get; init; }

    /// <summary>What the stream tells.</summary>
    public required StreamFields Stream { get; init; }

    /// <summary>Reads a body.</summary>
    public static CompletionRequest Read(JsonFields fields, ServedModel model)
    {
        if (fields.Text("suffix") is { Length: > 0 })
            throw ApiFault.Invalid("suffix", "'suffix' needs a model that fills in the middle; this one does not.");
        var stream = StreamFields.Read(fields);
        var echoes = fields.Flag("echo") ?? false;
        var options = SamplingFields.Read(fields, model);
        var bestOf = fields.Whole("best_of", 1, GenerationRequest.ChoicesMax) ?? options.Choices;
        if (bestOf < options.Choices)
            throw ApiFault.Invalid("best_of", $"'best_of' is {bestOf}; at least 'n', {options.Choices}, is needed.");
        if (bestOf > options.Choices && stream.IsStream)
            throw ApiFault.Invalid("best_of", "'best_of' above 'n' cannot be streamed: the best is known at the end.");
        var logprobs = fields.Whole("logprobs", 0, GenerationRequest.TopLogprobsMax);
        return new CompletionRequest
        {
            Prompts = PromptFields.Read(fields, "prompt", PromptsMax, model),
            Choices = options.Choices,
            Echoes = echoes,
            ShowsLogprobs = logprobs is not null,
            Stream = stream,
            Options = options with
            {
                TokensMax = fields.Whole("max_tokens", echoes ? 0 : 1, int.MaxValue) ?? 16,
                Choices = bestOf,
                WantsLogprobs = logprobs is not null || bestOf > options.Choices,
                TopLogprobs = logprobs ?? 0,
                WantsPromptLogprobs = options.WantsPromptLogprobs || (echoes && logprobs is not null),
            },
        };
    }
}
