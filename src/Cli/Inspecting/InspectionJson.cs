using System.Text.Json;
using Minka.Models;
using Minka.Models.Loading.Gguf;

namespace Minka.Cli.Inspecting;

/// <summary>An inspection for programs.</summary>
internal static class InspectionJson
{
    public static string Write(Inspection inspection) => Json.WriteObject(json =>
    {
        json.WriteString("path", inspection.File.Path);
        json.WriteString("format", inspection.File.Format);
        json.WriteNumber("parameters", inspection.Parameters);
        json.WriteNumber("bytes", inspection.Bytes);
        if (inspection.Config is { } config) WriteConfig(json, config);
        else json.WriteString("problem", inspection.ConfigProblem);
        WriteTokenizer(json, inspection);
        WriteTemplates(json, inspection);
        if (inspection.File is GgufFile gguf) WriteMetadata(json, gguf.Metadata);
        WriteTensors(json, inspection);
    }, isIndented: true);

    private static void WriteConfig(Utf8JsonWriter json, ModelConfig config)
    {
        json.WriteStartObject("config");
        json.WriteString("architecture", config.Architecture);
        json.WriteString("name", config.Name);
        json.WriteNumber("vocabulary_size", config.VocabularySize);
        json.WriteNumber("layers", config.Layers);
        json.WriteNumber("width", config.Width);
        json.WriteNumber("feed_forward_width", config.FeedForwardWidth);
        json.WriteNumber("experts", config.Experts.Count);
        json.WriteNumber("active_experts", config.Experts.Active);
        json.WriteNumber("expert_width", config.Experts.Width);
        json.WriteNumber("heads", config.Heads);
        json.WriteNumber("kv_heads", config.KvHeads);
        json.WriteNumber("head_dim", config.HeadDim);
        json.WriteNumber("context_length", config.ContextLength);
        json.WriteNumber("norm_epsilon", config.NormEpsilon);
        json.WriteNumber("rope_theta", config.Rope.Theta);
        json.WriteNumber("rope_dimensions", config.Rope.Dimensions);
        json.WriteString("rope_scaling", config.Rope.Scaling.ToString());
        json.WriteBoolean("tied_embeddings", config.TiedEmbeddings);
        json.WriteStartArray("windows");
        foreach (var window in config.Windows) json.WriteNumberValue(window);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteTokenizer(Utf8JsonWriter json, Inspection inspection)
    {
        json.WriteStartObject("tokenizer");
        if (inspection.Tokenizer is { } tokenizer)
        {
            json.WriteString("kind", tokenizer.Kind);
            json.WriteNumber("vocabulary_size", tokenizer.VocabularySize);
        }
        else
        {
            json.WriteString("problem", inspection.TokenizerProblem);
        }
        json.WriteEndObject();
    }

    private static void WriteTemplates(Utf8JsonWriter json, Inspection inspection)
    {
        json.WriteStartObject("chat_templates");
        foreach (var (name, template) in inspection.File.ChatTemplates) json.WriteString(name, template);
        json.WriteEndObject();
    }

    /// <summary>Scalars as they are, arrays by their type and length.</summary>
    private static void WriteMetadata(Utf8JsonWriter json, GgufMetadata metadata)
    {
        json.WriteStartObject("metadata");
        foreach (var (key, value) in metadata.Entries)
        {
            if (value is string text) json.WriteString(key, text);
            else if (value is bool truth) json.WriteBoolean(key, truth);
            else if (value is float or double && double.IsFinite(Convert.ToDouble(value, null)))
                json.WriteNumber(key, Convert.ToDouble(value, null));
            else if (value is long or int or uint or ulong or short or ushort or byte or sbyte)
                json.WriteNumber(key, Convert.ToDecimal(value, null));
            else json.WriteString(key, value.ToString());
        }
        json.WriteEndObject();
    }

    private static void WriteTensors(Utf8JsonWriter json, Inspection inspection)
    {
        json.WriteStartArray("tensors");
        foreach (var tensor in inspection.File.Stored)
        {
            json.WriteStartObject();
            json.WriteString("name", tensor.Name);
            json.WriteString("type", tensor.Type);
            json.WriteStartArray("shape");
            foreach (var size in tensor.Shape) json.WriteNumberValue(size);
            json.WriteEndArray();
            json.WriteNumber("bytes", tensor.Bytes);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
