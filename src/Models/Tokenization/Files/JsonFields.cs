using System.Text.Json;

namespace Minka.Models.Tokenization.Files;

/// <summary>Reads fields of <c>tokenizer.json</c>, saying which one is not as it should be.</summary>
internal static class JsonFields
{
    /// <summary>A field that is there and not null.</summary>
    public static JsonElement? Field(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value)
            && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A string field, or null.</summary>
    public static string? Text(this JsonElement element, string name) => element.Field(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { } other => throw Wrong(name, "a string", other),
    };

    /// <summary>A string field that must be there.</summary>
    public static string NeededText(this JsonElement element, string name) =>
        element.Text(name)
        ?? throw new ModelFormatException($"tokenizer.json lacks a string '{name}' where one is needed.");

    /// <summary>A flag, or what stands for an absent one.</summary>
    public static bool Flag(this JsonElement element, string name, bool otherwise) => element.Field(name) switch
    {
        null => otherwise,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } other => throw Wrong(name, "true or false", other),
    };

    /// <summary>A whole number, or what stands for an absent one.</summary>
    public static int Number(this JsonElement element, string name, int otherwise) => element.Field(name) switch
    {
        null => otherwise,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt32(out var value) => value,
        { } other => throw Wrong(name, "a whole number", other),
    };

    /// <summary>The elements of an array field; none when it is absent.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) => element.Field(name) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } array => array.EnumerateArray(),
        { } other => throw Wrong(name, "an array", other),
    };

    /// <summary>The field <c>type</c>, which says what the rest means.</summary>
    public static string Type(this JsonElement element) => element.NeededText("type");

    private static ModelFormatException Wrong(string name, string needed, JsonElement found) =>
        new($"tokenizer.json has {found.ValueKind} as '{name}' where {needed} is needed.");
}
