using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Minka.Models.Tokenization;
using Minka.Server.Generating;
using Minka.Server.Http;
using Minka.Server.OpenAi;

namespace Minka.Server.Tokenizing;

/// <summary>POST /tokenize, /detokenize and /apply-template, in vLLM's shapes and in llama-server's: the field
/// <c>content</c>, or none of vLLM's own, selects the second.</summary>
internal sealed class TokenizeEndpoints(ServerParts server)
{
    private const int TokensMax = 1 << 20;

    /// <summary>Text, or messages, into tokens.</summary>
    public async Task TokenizeAsync(HttpContext context)
    {
        using var body = await JsonBody.ReadAsync(context).ConfigureAwait(false);
        var fields = body.Fields;
        using var lease = await server.OpenAsync(fields.Text("model"), RequestTrace.Of(context)).ConfigureAwait(false);
        var model = lease.Model;
        if (fields.Text("content") is { } content)
        {
            await TokenizeAsLlamaServerAsync(context, fields, model, content).ConfigureAwait(false);
            return;
        }
        var ids = fields.Has("messages")
            ? ChatPrompt.Of(model, ChatFields.Read(fields), server.Time).Ids
            : model.Tokenizer.Encode(
                fields.Text("prompt") ?? throw fields.Missing("prompt", "a string"),
                fields.Flag("add_special_tokens") ?? true);
        var wantsTexts = fields.Flag("return_token_strs") ?? false;
        await JsonReply.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("count", ids.Length);
            json.WriteNumber("max_model_len", model.Engine.LengthMax);
            WriteIds(json, ids);
            if (wantsTexts)
            {
                json.WriteStartArray("token_strs");
                foreach (var id in ids) json.WriteStringValue(model.Tokenizer.TokenText(id));
                json.WriteEndArray();
            }
            else
            {
                json.WriteNull("token_strs");
            }
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    /// <summary>Tokens into text.</summary>
    public async Task DetokenizeAsync(HttpContext context)
    {
        using var body = await JsonBody.ReadAsync(context).ConfigureAwait(false);
        var fields = body.Fields;
        using var lease = await server.OpenAsync(fields.Text("model"), RequestTrace.Of(context)).ConfigureAwait(false);
        if (!fields.Has("tokens")) throw fields.Missing("tokens", "a list of token ids");
        var ids = TokenIds.Read(fields.List("tokens", TokensMax), "tokens", "tokens", lease.Model);
        var text = lease.Model.Tokenizer.Decode(ids, skipSpecial: false);
        await JsonReply.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            // vLLM's name and llama-server's.
            json.WriteString("prompt", text);
            json.WriteString("content", text);
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    /// <summary>Messages into the text that the model reads.</summary>
    public async Task ApplyTemplateAsync(HttpContext context)
    {
        using var body = await JsonBody.ReadAsync(context).ConfigureAwait(false);
        using var lease = await server.OpenAsync(body.Fields.Text("model"), RequestTrace.Of(context))
            .ConfigureAwait(false);
        var prompt = ChatPrompt.Of(lease.Model, ChatFields.Read(body.Fields), server.Time);
        await JsonReply.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("prompt", prompt.Text);
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    private static Task TokenizeAsLlamaServerAsync(
        HttpContext context, JsonFields fields, ServedModel model, string content)
    {
        var ids = model.Tokenizer.Encode(
            content, fields.Flag("add_special") ?? false, fields.Flag("parse_special") ?? true);
        var withPieces = fields.Flag("with_pieces") ?? false;
        return JsonReply.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            if (withPieces) WritePieces(json, ids, model.Tokenizer);
            else WriteIds(json, ids);
            json.WriteEndObject();
        });
    }

    private static void WritePieces(Utf8JsonWriter json, int[] ids, Tokenizer tokenizer)
    {
        json.WriteStartArray("tokens");
        foreach (var id in ids)
        {
            json.WriteStartObject();
            json.WriteNumber("id", id);
            var bytes = tokenizer.TokenBytes(id);
            // A part of a character is no text: llama-server writes its bytes.
            if (System.Text.Unicode.Utf8.IsValid(bytes)) json.WriteString("piece", Logprobs.TextOf(id, tokenizer));
            else
            {
                json.WriteStartArray("piece");
                foreach (var value in bytes) json.WriteNumberValue(value);
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteIds(Utf8JsonWriter json, int[] ids)
    {
        json.WriteStartArray("tokens");
        foreach (var id in ids) json.WriteNumberValue(id);
        json.WriteEndArray();
    }
}
