using System.Text.Json;

namespace Minka.Models.Loading.HuggingFace;

/// <summary>An object of a configuration file. A key that is absent and one that is null are the same.</summary>
/// <param name="path">The file, for messages.</param>
/// <param name="value">A JSON object.</param>
internal sealed class ConfigJson(string path, JsonElement value)
{
    public string Path => path;

    /// <exception cref="ModelFormatException">The file is absent, or no JSON object.</exception>
    public static ConfigJson Read(string path)
    {
        using var document = JsonText.Parse(path);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw new ModelFormatException($"'{path}' is JSON, but no object with keys and values.");
        return new ConfigJson(path, document.RootElement.Clone());
    }

    /// <summary>Whether the key is written at all, be it as null.</summary>
    public bool Names(string key) => value.TryGetProperty(key, out _);

    public string? Text(string key) => Find(key) is not { } found ? null
        : found.ValueKind == JsonValueKind.String ? found.GetString()
        : throw Wrong(key, found, "a string");

    public bool? Flag(string key) => Find(key) is not { } found ? null
        : found.ValueKind is JsonValueKind.True or JsonValueKind.False ? found.GetBoolean()
        : throw Wrong(key, found, "true or false");

    public double? Number(string key) => Find(key) is not { } found ? null
        : found.ValueKind == JsonValueKind.Number && found.GetDouble() is var number && double.IsFinite(number) ? number
        : throw Wrong(key, found, "a number");

    public int? Integer(string key) => Find(key) is { } found ? AsInteger(key, found) : null;

    public int Need(string key) => Integer(key)
        ?? throw new ModelFormatException($"'{path}' does not give '{key}', which a model needs.");

    /// <summary>One whole number or a list of them; empty when absent.</summary>
    public int[] Integers(string key) => Find(key) is not { } found ? []
        : found.ValueKind == JsonValueKind.Array ? [.. found.EnumerateArray().Select(each => AsInteger(key, each))]
        : [AsInteger(key, found)];

    /// <summary>A list of strings; null when absent.</summary>
    public string[]? Texts(string key) => Find(key) is not { } found ? null
        : found.ValueKind == JsonValueKind.Array && found.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String)
            ? [.. found.EnumerateArray().Select(each => each.GetString()!)]
            : throw Wrong(key, found, "a list of strings");

    /// <summary>An object within; null when absent.</summary>
    public ConfigJson? Section(string key) => Find(key) is not { } found ? null
        : found.ValueKind == JsonValueKind.Object ? new ConfigJson(path, found)
        : throw Wrong(key, found, "an object");

    /// <summary>The objects of a list; empty when the key is absent or no list.</summary>
    public IEnumerable<ConfigJson> Sections(string key) =>
        Find(key) is { ValueKind: JsonValueKind.Array } found
            ? found.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.Object)
                .Select(e => new ConfigJson(path, e))
            : [];

    public bool IsText(string key) => Find(key) is { ValueKind: JsonValueKind.String };

    private JsonElement? Find(string key) =>
        value.TryGetProperty(key, out var found) && found.ValueKind != JsonValueKind.Null ? found : null;

    private int AsInteger(string key, JsonElement found) =>
        found.ValueKind == JsonValueKind.Number && found.GetDouble() is var number && number == (int)number
            ? (int)number
            : throw Wrong(key, found, "a whole number of 32 bits");

    private ModelFormatException Wrong(string key, JsonElement found, string needed)
    {
        var text = found.GetRawText();
        return new($"'{path}' gives '{key}' as {(text.Length <= 40 ? text : text[..40] + "…")}; {needed} is needed.");
    }
}
