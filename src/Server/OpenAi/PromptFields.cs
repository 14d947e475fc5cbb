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
            return [Encode(JsonFields.TextOf(value, name), fields, name, model)];
        if (value.ValueKind != JsonValueKind.Array) throw fields.Wrong(name, value, needed);
        if (value.GetArrayLength() == 0) throw ApiFault.Invalid(name, $"'{name}' is an empty list.");
        if (value[0].ValueKind == JsonValueKind.Number) return [Decode(value, fields, name, model)];
        var prompts = new List<CompletionPrompt>();
        foreach (var entry in fields.List(name, most))
        {
            prompts.Add(entry.ValueKind == JsonValueKind.Array
                ? Decode(entry, fields, name, model)
                : Encode(JsonFields.TextOf(entry, name), fields, name, model));
        }
        return prompts;
    }

    // A completion's prompt is the whole text, special tokens and all: whoever renders templates sends them here.
    private static CompletionPrompt Encode(string text, JsonFields fields, string name, ServedModel model)
    {
        var ids = model.Tokenizer.Encode(text, addSpecial: fields.Flag("add_special_tokens") ?? true);
        return ids.Length > 0
            ? new CompletionPrompt(text, ids)
            : throw ApiFault.Invalid(name, $"'{name}' is empty; at least one token is needed.");
    }

    private static CompletionPrompt Decode(JsonElement list, JsonFields fields, string name, ServedModel model)
    {
        int[] ids = [.. list.EnumerateArray().Select(id => SamplingFields.ReadId(id, fields, name))];
        foreach (var id in ids)
        {
            if (id >= model.Config.VocabularySize)
                throw ApiFault.Invalid(name,
                    $"'{name}' holds the token id {id}; the model's ids are 0 to {model.Config.VocabularySize - 1}.");
        }
        return ids.Length > 0
            ? new CompletionPrompt(model.Tokenizer.Decode(ids, skipSpecial: false), ids)
            : throw ApiFault.Invalid(name, $"'{name}' holds an empty list; at least one token is needed.");
    }
}
