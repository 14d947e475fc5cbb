using System.Text.Json;

namespace Minka.Models.Tokenization.Files;

/// <summary>What <c>tokenizer_config.json</c> says about the ends of a text.</summary>
/// <param name="Bos">Text of the token that begins one.</param>
/// <param name="Eos">Text of the token that ends one.</param>
/// <param name="AddsBos">Whether BOS is put before a text; null leaves that to <c>tokenizer.json</c>.</param>
internal sealed record TokenizerConfigJson(string? Bos, string? Eos, bool? AddsBos)
{
    /// <summary>Reads the file; an empty one says nothing.</summary>
    /// <exception cref="ModelFormatException">It is no JSON object.</exception>
    public static TokenizerConfigJson Read(ReadOnlyMemory<byte> json)
    {
        if (json.Length == 0) return new TokenizerConfigJson(null, null, null);
        if (json.Span.StartsWith("\uFEFF"u8)) json = json[3..];
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            bool? addsBos = root.Field("add_bos_token") is { ValueKind: JsonValueKind.True or JsonValueKind.False } flag
                ? flag.GetBoolean()
                : null;
            return new TokenizerConfigJson(TokenText(root, "bos_token"), TokenText(root, "eos_token"), addsBos);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelFormatException($"tokenizer_config.json cannot be read: {e.Message.TrimEnd('.')}.", e);
        }
    }

    // A token is a string, or an object with its text as "content".
    private static string? TokenText(JsonElement root, string name) => root.Field(name) switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Object } token => token.Text("content"),
        _ => null,
    };
}
