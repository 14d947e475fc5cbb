using System.Text.Json;
using Minka.Engine;
using Minka.Server.Generating;
using Minka.Server.Http;

namespace Minka.Server.OpenAi;

/// <summary>A text to continue.</summary>
/// <param name="Text">As it was sent, or what its tokens say.</param>
/// <param name="Ids">Encoded.</param>
internal sealed record CompletionPrompt(string Text, int[] Ids);

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
            Prompts = ReadPrompts(fields, model),
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
                WantsPromptLogprobs = echoes && logprobs is not null,
            },
        };
    }

    private static List<CompletionPrompt> ReadPrompts(JsonFields fields, ServedModel model)
    {
        if (!fields.TryGet("prompt", out var value)) throw fields.Missing("prompt", "a text, token ids, or a list");
        if (value.ValueKind == JsonValueKind.String) return [Encode(JsonFields.TextOf(value, "prompt"), fields, model)];
        if (value.ValueKind != JsonValueKind.Array) throw fields.Wrong("prompt", value, "a text, token ids, or a list");
        if (value.GetArrayLength() == 0) throw ApiFault.Invalid("prompt", "'prompt' is an empty list.");
        if (value[0].ValueKind == JsonValueKind.Number) return [Decode(value, fields, model)];
        var prompts = new List<CompletionPrompt>();
        foreach (var entry in fields.List("prompt", PromptsMax))
        {
            prompts.Add(entry.ValueKind == JsonValueKind.Array
                ? Decode(entry, fields, model)
                : Encode(JsonFields.TextOf(entry, "prompt"), fields, model));
        }
        return prompts;
    }

    // A completion's prompt is the whole text, special tokens and all: whoever renders templates sends them here.
    private static CompletionPrompt Encode(string text, JsonFields fields, ServedModel model)
    {
        var ids = model.Tokenizer.Encode(text, addSpecial: fields.Flag("add_special_tokens") ?? true);
        return ids.Length > 0
            ? new CompletionPrompt(text, ids)
            : throw ApiFault.Invalid("prompt", "'prompt' is empty; at least one token is needed.");
    }

    private static CompletionPrompt Decode(JsonElement list, JsonFields fields, ServedModel model)
    {
        int[] ids = [.. list.EnumerateArray().Select(id => SamplingFields.ReadId(id, fields, "prompt"))];
        foreach (var id in ids)
        {
            if (id >= model.Config.VocabularySize)
                throw ApiFault.Invalid("prompt",
                    $"'prompt' holds the token id {id}; the model's ids are 0 to {model.Config.VocabularySize - 1}.");
        }
        return ids.Length > 0
            ? new CompletionPrompt(model.Tokenizer.Decode(ids, skipSpecial: false), ids)
            : throw ApiFault.Invalid("prompt", "'prompt' holds an empty list; at least one token is needed.");
    }
}
