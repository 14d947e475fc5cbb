using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Minka.Server.Http;

namespace Minka.Server.Ollama;

/// <summary>What Ollama's clients ask about models: <c>/api/tags</c>, <c>/api/ps</c>, <c>/api/show</c>,
/// <c>/api/version</c>.</summary>
internal sealed class OllamaModels(ServerParts server)
{
    // Clients compare versions to know what a server can do; this is one whose API is spoken here.
    private const string ApiVersion = "0.12.0";

    private readonly DateTimeOffset _started = server.Time.GetUtcNow();

    /// <summary>All models.</summary>
    public Task TagsAsync(HttpContext context) => ListAsync(context, server.Models.Entries, (_, _) => { });

    /// <summary>Models in memory.</summary>
    public Task RunningAsync(HttpContext context) => ListAsync(
        context,
        server.Models.Entries.Where(entry => Loaded(entry) is not null),
        (json, _) =>
        {
            json.WriteString("expires_at", "9999-12-31T23:59:59Z");
            json.WriteNumber("size_vram", 0);
        });

    /// <summary>The version of the API.</summary>
    public static Task VersionAsync(HttpContext context) => JsonReply.WriteAsync(context, 200, json =>
    {
        json.WriteStartObject();
        json.WriteString("version", ApiVersion);
        json.WriteEndObject();
    });

    /// <summary>Everything about one model.</summary>
    public async Task ShowAsync(HttpContext context)
    {
        using var body = await JsonBody.ReadAsync(context).ConfigureAwait(false);
        var name = OllamaNames.Find(server.Models, body.Fields);
        using var lease = await server.OpenAsync(name, RequestTrace.Of(context)).ConfigureAwait(false);
        var model = lease.Model;
        await JsonReply.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("modelfile", $"FROM {model.Name}\n");
            json.WriteString("parameters", Parameters(model));
            json.WriteString("template", model.Template?.Source ?? "");
            WriteDetails(json, ModelFacts.Of(model));
            WriteInfo(json, model);
            json.WriteStartArray("capabilities");
            foreach (var capability in Capabilities(model)) json.WriteStringValue(capability);
            json.WriteEndArray();
            json.WriteString("modified_at", OllamaReply.Time(model.Created));
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    private Task ListAsync(
        HttpContext context, IEnumerable<ModelEntry> entries, Action<Utf8JsonWriter, ModelEntry> writeMore) =>
        JsonReply.WriteAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("models");
            foreach (var entry in entries)
            {
                var loaded = Loaded(entry);
                json.WriteStartObject();
                json.WriteString("name", entry.Name);
                json.WriteString("model", entry.Name);
                json.WriteString("modified_at", OllamaReply.Time(loaded?.Created ?? _started));
                json.WriteNumber("size", entry.Bytes);
                json.WriteString("digest", OllamaNames.Digest(entry));
                WriteDetails(json, loaded is null ? ModelFacts.Unknown : ModelFacts.Of(loaded));
                writeMore(json, entry);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        });

    private ServedModel? Loaded(ModelEntry entry) =>
        server.Models.Loaded.FirstOrDefault(model => model.Name == entry.Name);

    private static void WriteDetails(Utf8JsonWriter json, ModelFacts facts)
    {
        json.WriteStartObject("details");
        json.WriteString("parent_model", "");
        json.WriteString("format", facts.Format);
        json.WriteString("family", facts.Family);
        json.WriteStartArray("families");
        if (facts.Family.Length > 0) json.WriteStringValue(facts.Family);
        json.WriteEndArray();
        json.WriteString("parameter_size", facts.ParameterSize);
        json.WriteString("quantization_level", facts.Quantization);
        json.WriteEndObject();
    }

    private static void WriteInfo(Utf8JsonWriter json, ServedModel model)
    {
        var (config, family) = (model.Config, model.Config.Architecture);
        json.WriteStartObject("model_info");
        json.WriteString("general.architecture", family);
        json.WriteNumber("general.parameter_count", ModelFacts.Of(model).Parameters);
        json.WriteNumber($"{family}.block_count", config.Layers);
        json.WriteNumber($"{family}.context_length", config.ContextLength);
        json.WriteNumber($"{family}.embedding_length", config.Width);
        json.WriteNumber($"{family}.feed_forward_length", Math.Max(config.FeedForwardWidth, config.Experts.Width));
        if (config.Experts.Count > 0)
        {
            json.WriteNumber($"{family}.expert_count", config.Experts.Count);
            json.WriteNumber($"{family}.expert_used_count", config.Experts.Active);
        }
        json.WriteNumber($"{family}.attention.head_count", config.Heads);
        json.WriteNumber($"{family}.attention.head_count_kv", config.KvHeads);
        json.WriteNumber($"{family}.attention.layer_norm_rms_epsilon", config.NormEpsilon);
        json.WriteNumber($"{family}.rope.freq_base", config.Rope.Theta);
        json.WriteNumber($"{family}.vocab_size", config.VocabularySize);
        json.WriteEndObject();
    }

    private static IEnumerable<string> Capabilities(ServedModel model)
    {
        yield return "completion";
        if (model.Template is not { } template) yield break;
        if (template.MentionsTools) yield return "tools";
        if (template.MentionsThinking) yield return "thinking";
    }

    private static string Parameters(ServedModel model)
    {
        var defaults = model.Options.Defaults;
        (string Name, object? Value)[] parameters =
        [
            ("num_ctx", model.Engine.LengthMax), ("temperature", defaults.Temperature), ("top_k", defaults.TopK),
            ("top_p", defaults.TopP), ("min_p", defaults.MinP), ("repeat_penalty", defaults.RepetitionPenalty),
        ];
        return string.Join('\n', parameters.Where(parameter => parameter.Value is not null).Select(parameter =>
            string.Create(CultureInfo.InvariantCulture, $"{parameter.Name,-30} {parameter.Value}")));
    }
}
