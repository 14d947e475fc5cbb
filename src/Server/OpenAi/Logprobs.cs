using System.Globalization;
using System.Text;
using System.Text.Json;
using Minka.Engine.Sampling;
using Minka.Models.Tokenization;
using Minka.Server.Generating;

namespace Minka.Server.OpenAi;

/// <summary>Log-probabilities as OpenAI writes them.</summary>
internal static class Logprobs
{
    private const float Least = -9999; // JSON has no infinity

    /// <summary>Those of a chat: token, logprob, bytes, and the most probable ones.</summary>
    public static void WriteChat(Utf8JsonWriter json, IReadOnlyList<TextToken> tokens, Tokenizer tokenizer)
    {
        json.WriteStartObject("logprobs");
        json.WriteStartArray("content");
        WriteEach(json, tokens, tokenizer);
        json.WriteEndArray();
        json.WriteNull("refusal");
        json.WriteEndObject();
    }

    /// <summary>Each token with its logprob, bytes, and the most probable ones.</summary>
    public static void WriteEach(Utf8JsonWriter json, IReadOnlyList<TextToken> tokens, Tokenizer tokenizer)
    {
        foreach (var token in tokens)
        {
            if (token.Logprobs is not { } at) continue;
            json.WriteStartObject();
            WriteOne(json, at.Chosen, tokenizer);
            json.WriteStartArray("top_logprobs");
            foreach (var other in at.Top)
            {
                json.WriteStartObject();
                WriteOne(json, other, tokenizer);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
    }

    /// <summary>Those of a completion: parallel lists.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="tokens">Each with its log-probability; without one for the first token of all.</param>
    /// <param name="tokenizer">What tokens say.</param>
    /// <param name="offset">Characters of text before the first token.</param>
    /// <returns>Characters of text behind the last token.</returns>
    public static int WriteCompletion(
        Utf8JsonWriter json, IReadOnlyList<TextToken> tokens, Tokenizer tokenizer, int offset)
    {
        json.WriteStartObject("logprobs");
        json.WriteStartArray("tokens");
        foreach (var token in tokens) json.WriteStringValue(TextOf(token.Id, tokenizer));
        json.WriteEndArray();
        json.WriteStartArray("token_logprobs");
        foreach (var token in tokens)
        {
            if (token.Logprobs is { } at) json.WriteNumberValue(Finite(at.Chosen.Logprob));
            else json.WriteNullValue();
        }
        json.WriteEndArray();
        json.WriteStartArray("top_logprobs");
        foreach (var token in tokens) WriteTop(json, token.Logprobs, tokenizer);
        json.WriteEndArray();
        json.WriteStartArray("text_offset");
        foreach (var token in tokens)
        {
            json.WriteNumberValue(offset);
            offset += TextOf(token.Id, tokenizer).Length;
        }
        json.WriteEndArray();
        json.WriteEndObject();
        return offset;
    }

    /// <summary>What is asked of a prompt, as vLLM writes it: its token ids, and by position the log-probability of the
    /// token that stands there and of the most probable ones.</summary>
    public static void WritePrompt(Utf8JsonWriter json, TextGeneration generation, Tokenizer tokenizer)
    {
        if (generation.Options.WantsTokens)
        {
            json.WriteStartArray("prompt_token_ids");
            foreach (var id in generation.Prompt.Span) json.WriteNumberValue(id);
            json.WriteEndArray();
        }
        if (generation.Options.PromptTopLogprobs is null) return;
        json.WriteStartArray("prompt_logprobs");
        json.WriteNullValue(); // nothing stands before the first token
        foreach (var at in generation.PromptLogprobs)
        {
            json.WriteStartObject();
            if (!at.Top.Any(other => other.Id == at.Chosen.Id)) WriteRanked(json, at.Chosen, null, tokenizer);
            for (var i = 0; i < at.Top.Count; i++) WriteRanked(json, at.Top[i], i + 1, tokenizer);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>What a token says by itself.</summary>
    public static string TextOf(int id, Tokenizer tokenizer) => id >= tokenizer.VocabularySize ? "" :
        tokenizer.IsSpecial(id) ? tokenizer.TokenText(id) : Encoding.UTF8.GetString(tokenizer.TokenBytes(id));

    // The rank of a token that is not among the most probable ones is not known.
    private static void WriteRanked(Utf8JsonWriter json, TokenLogprob token, int? rank, Tokenizer tokenizer)
    {
        json.WriteStartObject(token.Id.ToString(CultureInfo.InvariantCulture));
        json.WriteNumber("logprob", Finite(token.Logprob));
        if (rank is { } place) json.WriteNumber("rank", place);
        else json.WriteNull("rank");
        json.WriteString("decoded_token", TextOf(token.Id, tokenizer));
        json.WriteEndObject();
    }

    private static void WriteTop(Utf8JsonWriter json, TokenLogprobs? at, Tokenizer tokenizer)
    {
        if (at is null)
        {
            json.WriteNullValue();
            return;
        }
        json.WriteStartObject();
        // Different tokens may say the same, and a key is there once: the most probable one's.
        var written = new HashSet<string>(StringComparer.Ordinal);
        foreach (var other in at.Top)
        {
            if (written.Add(TextOf(other.Id, tokenizer)))
                json.WriteNumber(TextOf(other.Id, tokenizer), Finite(other.Logprob));
        }
        // The token that stands there is always among them.
        if (written.Add(TextOf(at.Chosen.Id, tokenizer)))
            json.WriteNumber(TextOf(at.Chosen.Id, tokenizer), Finite(at.Chosen.Logprob));
        json.WriteEndObject();
    }

    private static void WriteOne(Utf8JsonWriter json, TokenLogprob token, Tokenizer tokenizer)
    {
        json.WriteString("token", TextOf(token.Id, tokenizer));
        json.WriteNumber("logprob", Finite(token.Logprob));
        json.WriteStartArray("bytes");
        if (token.Id < tokenizer.VocabularySize && !tokenizer.IsSpecial(token.Id))
            foreach (var value in tokenizer.TokenBytes(token.Id)) json.WriteNumberValue(value);
        json.WriteEndArray();
    }

    private static float Finite(float logprob) => logprob > Least ? logprob : Least;
}
