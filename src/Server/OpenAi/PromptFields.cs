using System.Text.Json;
using Minka.Server.Http;

namespace Minka.Server.OpenAi;

/// <summary>A text to continue.</summary>
/// <param name="Text">As it was sent, or what its tokens say.</param>
/// <param name="Ids">Encoded.</param>
internal sealed record CompletionPrompt(string Text, int[] Ids);

/// <summary>The field that holds prompts.</summary>
internal static class PromptFields
{
    /// <summary>Reads a text, a list of texts, token ids, or a list of those.</summary>
    /// <param name="fields">The body.</param>
    /// <param name="name">Of the field.</param>
    /// <param name="most">Prompts at most.</param>
    /// <param name="model">Whose tokens.</param>
    public static IReadOnlyList<CompletionPrompt> Read(JsonFields fields, string name, int most, ServedModel model)
    {
        const string needed = "a text, token ids, or a list of them";
        if (!fields.TryGet(name, out var value)) throw fields.Missing(name, needed);
        if (value.ValueKind == JsonValueKind.String)
            return [Encode(JsonFields.TextOf(value, name), fields, name, name, model)];
        if (value.ValueKind != JsonValueKind.Array) throw fields.Wrong(name, value, needed);
        if (value.GetArrayLength() == 0)
            throw ApiFault.Invalid(name, $"'{name}' is an empty list; {needed} is needed.");
        if (value[0].ValueKind == JsonValueKind.Number) return [Decode(value, name, name, model)];
        return [.. fields.List(name, most).Select((entry, i) => entry.ValueKind switch
        {
            JsonValueKind.Array => Decode(entry, name, $"{name}[{i}]", model),
            JsonValueKind.String => Encode(JsonFields.TextOf(entry, name), fields, name, $"{name}[{i}]", model),
            _ => throw ApiFault.Invalid(name, $"'{name}[{i}]' is {JsonFields.Found(entry)}; a text or a list of token "
                + "ids is needed."),
        })];
    }

    // A completion's prompt is the whole text, special tokens and all: whoever renders templates sends them here.
    private static CompletionPrompt Encode(
        string text, JsonFields fields, string name, string path, ServedModel model)
    {
        var ids = model.Tokenizer.Encode(text, addSpecial: fields.Flag("add_special_tokens") ?? true);
        return ids.Length > 0
            ? new CompletionPrompt(text, ids)
            : throw ApiFault.Invalid(name, $"'{path}' is empty; at least one token is needed.");
    }

    private static CompletionPrompt Decode(JsonElement list, string name, string path, ServedModel model)
    {
        var ids = TokenIds.Read(list.EnumerateArray(), name, path, model);
        return ids.Length > 0
            ? new CompletionPrompt(model.Tokenizer.Decode(ids, skipSpecial: false), ids)
            : throw ApiFault.Invalid(name, $"'{path}' is an empty list; at least one token is needed.");
    }
}
