using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Minka.Engine;
using Minka.Engine.Execution;
using Minka.Server.Http;
using Minka.Server.OpenAi;

namespace Minka.Server.Ollama;

/// <summary>POST /api/embed and /api/embeddings.</summary>
internal sealed class OllamaEmbedding(ServerParts server)
{
    private const int InputsMax = 2048;

    /// <summary>POST /api/embed: any number of texts.</summary>
    public Task AnswerAsync(HttpContext context) => AnswerAsync(context, "input", InputsMax, isNormalized: true,
        static (json, vectors) =>
        {
            json.WriteStartArray("embeddings");
            foreach (var vector in vectors) WriteVector(json, vector);
            json.WriteEndArray();
        });

    /// <summary>POST /api/embeddings, which older clients know: one text, and its vector as it is.</summary>
    public Task AnswerOneAsync(HttpContext context) => AnswerAsync(context, "prompt", 1, isNormalized: false,
        static (json, vectors) =>
        {
            json.WritePropertyName("embedding");
            WriteVector(json, vectors[0]);
        });

    private async Task AnswerAsync(
        HttpContext context, string field, int inputsMax, bool isNormalized,
        Action<Utf8JsonWriter, IReadOnlyList<IReadOnlyList<float>>> write)
    {
        using var body = await JsonBody.ReadAsync(context).ConfigureAwait(false);
        var (fields, trace) = (body.Fields, RequestTrace.Of(context));
        using var lease = await server.OpenAsync(OllamaNames.Find(server.Models, fields), trace).ConfigureAwait(false);
        var model = lease.Model;
        var loaded = trace.Elapsed;
        var width = fields.Whole("dimensions", 1, model.Engine.EmbeddingWidth);
        var inputs = PromptFields.Read(fields, field, inputsMax, model);
        var vectors = await EmbeddingsEndpoint.EmbedAsync(
            model, inputs.Select(input => input.Ids), width,
            new EmbeddingOptions(EmbeddingPooling.Mean, isNormalized), trace).ConfigureAwait(false);
        await JsonReply.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("model", model.Name);
            write(json, vectors);
            json.WriteNumber("total_duration", OllamaReply.Nanoseconds(trace.Elapsed));
            json.WriteNumber("load_duration", OllamaReply.Nanoseconds(loaded));
            json.WriteNumber("prompt_eval_count", trace.EmbeddedTokens);
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    private static void WriteVector(Utf8JsonWriter json, IReadOnlyList<float> vector)
    {
        json.WriteStartArray();
        foreach (var value in vector) json.WriteNumberValue(value);
        json.WriteEndArray();
    }
}
