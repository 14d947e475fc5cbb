using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Minka.Engine;
using Minka.Engine.Execution;
using Minka.Server.Http;

namespace Minka.Server.OpenAi;

/// <summary>POST /v1/embeddings.</summary>
internal sealed class EmbeddingsEndpoint(ServerParts server)
{
    private const int InputsMax = 2048, AtOnce = 64;

    /// <summary>Answers.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        using var body = await JsonBody.ReadAsync(context).ConfigureAwait(false);
        var (fields, trace) = (body.Fields, RequestTrace.Of(context));
        using var lease = await server.OpenAsync(fields.Text("model"), trace).ConfigureAwait(false);
        var model = lease.Model;
        var asBase64 = fields.Text("encoding_format") switch
        {
            null or "float" => false,
            "base64" => true,
            var other => throw fields.Unknown("encoding_format", other, "float or base64"),
        };
        var width = fields.Whole("dimensions", 1, model.Engine.EmbeddingWidth);
        var options = new EmbeddingOptions(fields.Text("pooling") switch
        {
            null or "mean" => EmbeddingPooling.Mean,
            "last" => EmbeddingPooling.Last,
            var other => throw fields.Unknown("pooling", other, "mean or last"),
        }, fields.Flag("normalize") ?? true);
        var inputs = PromptFields.Read(fields, "input", InputsMax, model);
        var vectors = await EmbedAsync(model, inputs.Select(input => input.Ids), width, options, trace)
            .ConfigureAwait(false);
        await JsonReply.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("object", "list");
            json.WriteStartArray("data");
            for (var i = 0; i < vectors.Count; i++)
                WriteVector(json, i, vectors[i], asBase64);
            json.WriteEndArray();
            json.WriteString("model", model.Name);
            json.WriteStartObject("usage");
            json.WriteNumber("prompt_tokens", trace.EmbeddedTokens);
            json.WriteNumber("total_tokens", trace.EmbeddedTokens);
            json.WriteEndObject();
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    /// <summary>Vectors of many prompts.</summary>
    /// <param name="model">Embeds them.</param>
    /// <param name="prompts">Token ids.</param>
    /// <param name="width">Numbers of each vector that are wanted; null for all.</param>
    /// <param name="options">How.</param>
    /// <param name="trace">Of the HTTP request.</param>
    public static async Task<IReadOnlyList<IReadOnlyList<float>>> EmbedAsync(
        ServedModel model, IEnumerable<int[]> prompts, int? width, EmbeddingOptions options, RequestTrace trace)
    {
        List<IReadOnlyList<float>> vectors = [];
        // A long list waits here and not in the engine's queue, where it would keep others out.
        foreach (var some in prompts.Chunk(AtOnce))
            vectors.AddRange(await Task.WhenAll(some.Select(ids => model.EmbedAsync(ids, options, trace)))
                .ConfigureAwait(false));
        return width is { } wanted ? [.. vectors.Select(vector => Cut(vector, wanted, options))] : vectors;
    }

    private static float[] Cut(IReadOnlyList<float> vector, int width, EmbeddingOptions options)
    {
        var cut = vector.Take(width).ToArray();
        var length = MathF.Sqrt(cut.Sum(value => value * value));
        if (options.IsNormalized && length > 0)
            for (var i = 0; i < cut.Length; i++) cut[i] /= length;
        return cut;
    }

    private static void WriteVector(Utf8JsonWriter json, int index, IReadOnlyList<float> vector, bool asBase64)
    {
        json.WriteStartObject();
        json.WriteString("object", "embedding");
        json.WriteNumber("index", index);
        if (asBase64)
        {
            var bytes = new byte[vector.Count * sizeof(float)];
            for (var i = 0; i < vector.Count; i++)
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), vector[i]);
            json.WriteBase64String("embedding", bytes);
        }
        else
        {
            json.WriteStartArray("embedding");
            foreach (var value in vector) json.WriteNumberValue(value);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }
}
