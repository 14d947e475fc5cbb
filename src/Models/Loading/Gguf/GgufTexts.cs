namespace Minka.Models.Loading.Gguf;

/// <summary>Chat templates and suggestions for sampling in the metadata of a GGUF file.</summary>
internal static class GgufTexts
{
    private const string TemplateKey = "tokenizer.chat_template";

    private static readonly string[] _ends =
        ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"];

    /// <summary>The template under its plain key is the default one; a name may follow the key.</summary>
    public static IReadOnlyDictionary<string, string> ChatTemplates(GgufMetadata metadata)
    {
        var templates = new Dictionary<string, string>();
        foreach (var (key, value) in metadata.Entries)
        {
            if (value is not string template) continue;
            if (key == TemplateKey) templates[ChatTemplateNames.Default] = template;
            else if (key.StartsWith(TemplateKey + ".", StringComparison.Ordinal))
                templates.TryAdd(key[(TemplateKey.Length + 1)..], template);
        }
        return templates;
    }

    public static GenerationDefaults Defaults(string path, GgufMetadata metadata) => new GenerationDefaults
    {
        Temperature = Number(metadata, "temp"),
        TopK = (int?)Number(metadata, "top_k"),
        TopP = Number(metadata, "top_p"),
        MinP = Number(metadata, "min_p"),
        RepetitionPenalty = Number(metadata, "penalty_repeat"),
        EosIds = [.. _ends.Select(key => End(path, metadata, key)).OfType<int>().Distinct()],
    }.Check(path);

    private static float? Number(GgufMetadata metadata, string key) =>
        metadata.TryGetFloat("general.sampling." + key, out var value) ? (float)value : null;

    private static int? End(string path, GgufMetadata metadata, string key) =>
        !metadata.TryGetInteger(key, out var id) || id is -1 or uint.MaxValue ? null
        : id == (int)id ? (int)id
        : throw new ModelFormatException($"'{path}' gives {key} as {id}, which is no token.");
}
