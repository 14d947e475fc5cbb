using System.Text;

namespace Minka.Models.Loading.HuggingFace;

/// <summary>The small files around a model's weights: chat templates and suggestions for sampling.</summary>
internal static class HuggingFaceTexts
{
    public const string TokenizerConfig = "tokenizer_config.json";

    private const string TemplateEnding = ".jinja";

    /// <summary>A file of the folder; null when there is none.</summary>
    public static byte[]? ReadIfThere(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        return File.Exists(path) ? FileBytes.ReadAll(path, FileLimits.JsonBytes) : null;
    }

    /// <summary>
    /// Templates by name, the usual one being <c>default</c>: one string or a list of named ones in
    /// <c>tokenizer_config.json</c>, and over them the files <c>chat_template.jinja</c> and
    /// <c>additional_chat_templates/NAME.jinja</c>.
    /// </summary>
    public static IReadOnlyDictionary<string, string> ChatTemplates(string folder)
    {
        var templates = new Dictionary<string, string>();
        var config = Path.Combine(folder, TokenizerConfig);
        if (File.Exists(config)) AddConfigured(templates, ConfigJson.Read(config));

        var single = ReadIfThere(folder, "chat_template" + TemplateEnding);
        if (single is not null) templates[ChatTemplateNames.Default] = Encoding.UTF8.GetString(single);
        var more = Path.Combine(folder, "additional_chat_templates");
        if (!Directory.Exists(more)) return templates;
        foreach (var file in Directory.EnumerateFiles(more, "*" + TemplateEnding).Take(FileLimits.Templates))
            templates[Path.GetFileNameWithoutExtension(file)] =
                Encoding.UTF8.GetString(FileBytes.ReadAll(file, FileLimits.StringBytes));
        return templates;
    }

    /// <summary>What <c>generation_config.json</c> suggests; ends of text also from <c>config.json</c>.</summary>
    public static GenerationDefaults Defaults(string folder, ConfigJson model)
    {
        var path = Path.Combine(folder, "generation_config.json");
        if (!File.Exists(path))
            return new GenerationDefaults { EosIds = Ends(model) }.Check(model.Path);

        var config = ConfigJson.Read(path);
        return new GenerationDefaults
        {
            DoSample = config.Flag("do_sample"),
            Temperature = (float?)config.Number("temperature"),
            TopK = config.Integer("top_k"),
            TopP = (float?)config.Number("top_p"),
            MinP = (float?)config.Number("min_p"),
            RepetitionPenalty = (float?)config.Number("repetition_penalty"),
            EosIds = Ends(config, model),
        }.Check(path);
    }

    /// <summary>An end of -1 is how files say that there is none.</summary>
    private static IReadOnlyList<int> Ends(params ReadOnlySpan<ConfigJson> configs)
    {
        var ends = new List<int>();
        foreach (var config in configs) ends.AddRange(config.Integers("eos_token_id"));
        return [.. ends.Where(id => id != -1).Distinct()];
    }

    private static void AddConfigured(Dictionary<string, string> templates, ConfigJson config)
    {
        if (config.IsText("chat_template")) templates[ChatTemplateNames.Default] = config.Text("chat_template")!;
        foreach (var named in config.Sections("chat_template").Take(FileLimits.Templates))
        {
            if (named.Text("name") is { } name && named.Text("template") is { } template) templates[name] = template;
        }
    }
}
