using System.Text.Json;
using Minka.Server.Generating;

namespace Minka.Server.OpenAi;

/// <summary>A completion's answer as OpenAI writes it, whole and in chunks.</summary>
internal sealed class CompletionReply(
    ReplyHead head, ServedModel model, CompletionRequest request, IReadOnlyList<TextGeneration> generations)
{
    private readonly int[] _offsets = new int[generations.Count * request.Options.Choices];

    /// <summary>The whole answer.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="answers">Every choice of the first prompt, then of the second …</param>
    /// <param name="usage">What it took.</param>
    public void WriteWhole(Utf8JsonWriter json, IReadOnlyList<WholeAnswer> answers, TokenUsage usage)
    {
        json.WriteStartObject();
        head.Write(json, "text_completion");
        json.WriteStartArray("choices");
        var made = request.Options.Choices;
        for (var prompt = 0; prompt < request.Prompts.Count; prompt++)
        {
            var shown = Best([.. answers.Skip(prompt * made).Take(made)]);
            for (var i = 0; i < shown.Count; i++) WriteWhole(json, prompt, prompt * request.Choices + i, shown[i]);
        }
        json.WriteEndArray();
        ReplyHead.WriteUsage(json, usage);
        json.WriteEndObject();
    }

    /// <summary>The prompt, as the first chunk of a choice.</summary>
    public void WriteEcho(Utf8JsonWriter json, int choice, TokenUsage usage)
    {
        var prompt = choice / request.Choices;
        WriteChunk(json, choice, request.Prompts[prompt].Text, PromptTokens(prompt), null, usage);
    }

    /// <summary>A piece of a choice.</summary>
    public void WriteDelta(Utf8JsonWriter json, TextEvent.Delta delta, TokenUsage usage) =>
        WriteChunk(json, delta.Choice, (delta.Part as OutputPart.Text)?.Value ?? "", delta.Tokens, null, usage);

    /// <summary>The last chunk of a choice.</summary>
    public void WriteEnd(Utf8JsonWriter json, TextEvent.End end, TokenUsage usage) =>
        WriteChunk(json, end.Choice, "", [], end, usage);

    /// <summary>The chunk behind all choices: what it took.</summary>
    public void WriteUsage(Utf8JsonWriter json, TokenUsage usage)
    {
        json.WriteStartObject();
        head.Write(json, "text_completion");
        json.WriteStartArray("choices");
        json.WriteEndArray();
        ReplyHead.WriteUsage(json, usage);
        json.WriteEndObject();
    }

    private IReadOnlyList<WholeAnswer> Best(IReadOnlyList<WholeAnswer> answers) => answers.Count == request.Choices
        ? answers
        : [.. answers.OrderByDescending(answer => answer.Tokens
            .Average(token => (double?)token.Logprobs?.Chosen.Logprob) ?? double.NegativeInfinity)
            .Take(request.Choices)];

    private void WriteWhole(Utf8JsonWriter json, int prompt, int index, WholeAnswer answer)
    {
        var text = request.Echoes ? request.Prompts[prompt].Text + answer.Text : answer.Text;
        IReadOnlyList<TextToken> tokens = [.. PromptTokens(prompt), .. answer.Tokens];
        json.WriteStartObject();
        WriteFields(json, index, text, tokens, answer.End);
        Logprobs.WritePrompt(json, generations[prompt], model.Tokenizer);
        json.WriteEndObject();
    }

    /// <summary>The prompt's tokens where they are shown: the first one has no log-probability.</summary>
    private IReadOnlyList<TextToken> PromptTokens(int prompt)
    {
        if (!request.Echoes || !request.ShowsLogprobs) return [];
        var measured = generations[prompt].PromptLogprobs;
        return [.. request.Prompts[prompt].Ids.Select((id, i) =>
            new TextToken(id, i > 0 && i <= measured.Count ? measured[i - 1] : null))];
    }

    private void WriteChunk(
        Utf8JsonWriter json, int index, string text, IReadOnlyList<TextToken> tokens, TextEvent.End? end,
        TokenUsage usage)
    {
        json.WriteStartObject();
        head.Write(json, "text_completion");
        json.WriteStartArray("choices");
        json.WriteStartObject();
        WriteFields(json, index, text, tokens, end);
        json.WriteEndObject();
        json.WriteEndArray();
        if (request.Stream.CountsAlways) ReplyHead.WriteUsage(json, usage);
        else if (request.Stream.IncludesUsage) json.WriteNull("usage");
        json.WriteEndObject();
    }

    private void WriteFields(
        Utf8JsonWriter json, int index, string text, IReadOnlyList<TextToken> tokens, TextEvent.End? end)
    {
        json.WriteNumber("index", index);
        json.WriteString("text", text);
        if (request.ShowsLogprobs && (tokens.Count > 0 || end is null || !request.Stream.IsStream))
            _offsets[index] = Logprobs.WriteCompletion(json, tokens, model.Tokenizer, _offsets[index]);
        else json.WriteNull("logprobs");
        json.WriteString("finish_reason", end is null ? null : ReplyHead.Word(end.Finish));
        if (end is null) json.WriteNull("stop_reason");
        else ReplyHead.WriteStopReason(json, end);
        if (request.Options.WantsTokens)
        {
            json.WriteStartArray("token_ids");
            foreach (var token in tokens) json.WriteNumberValue(token.Id);
            json.WriteEndArray();
        }
    }
}
