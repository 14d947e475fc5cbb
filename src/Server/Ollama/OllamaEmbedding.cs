using Microsoft.AspNetCore.Http;
using Minka.Engine;
using Minka.Engine.Execution;
using Minka.Server.Http;
using Minka.Server.OpenAi;

namespace Minka.Server.Ollama;

/// <summary>POST /api/embed.</summary>
internal sealed class OllamaEmbedding(ServerParts server)
{
    private const int InputsMax = 2048;

    public async Task AnswerAsync(HttpContext context)
    {
        using var body = await JsonBody.ReadAsync(context).ConfigureAwait(false);
        var (fields, trace) = (body.Fields, RequestTrace.Of(context));
        using var lease = await server.OpenAsync(OllamaNames.Find(server.Models, fields), trace).ConfigureAwait(false);
        var model = lease.Model;
        var loaded = trace.Elapsed;
        var width = fields.Whole("dimensions", 1, model.Engine.EmbeddingWidth);
        var inputs = PromptFields.Read(fields, "input", InputsMax, model);
        var vectors = await EmbeddingsEndpoint.EmbedAsync(
            model, inputs.Select(input => input.Ids), width, new EmbeddingOptions(EmbeddingPooling.Mean, true), trace)
            .ConfigureAwait(false);
        await JsonReply.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("model", model.Name);
            json.WriteStartArray("embeddings");
            foreach (var vector in vectors)
            {
                json.WriteStartArray();
                foreach (var value in vector) json.WriteNumberValue(value);
                json.WriteEndArray();
            }
            json.WriteEndArray();
            json.WriteNumber("total_duration", OllamaReply.Nanoseconds(trace.Elapsed));
            json.WriteNumber("load_duration", OllamaReply.Nanoseconds(loaded));
            json.WriteNumber("prompt_eval_count", trace.EmbeddedTokens);
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }
}
