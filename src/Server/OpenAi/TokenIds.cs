using System.Text.Json;
using Minka.Server.Http;

namespace Minka.Server.OpenAi;

/// <summary>Lists of token ids from outside.</summary>
internal static class TokenIds
{
    /// <summary>Reads a list; it may be empty.</summary>
    /// <param name="list">What should be one.</param>
    /// <param name="name">Field that the fault names.</param>
    /// <param name="path">Where the list lies in it: "prompt[1]".</param>
    /// <param name="model">Whose tokens.</param>
    /// <exception cref="ApiFault">Says which entry is no token of the model, and what it is.</exception>
    public static int[] Read(IEnumerable<JsonElement> list, string name, string path, ServedModel model)
    {
        var last = model.Config.VocabularySize - 1;
        return [.. list.Select((entry, i) => TryRead(entry, out var id) && id >= 0 && id <= last
            ? (int)id
            : throw ApiFault.Invalid(name, $"'{path}[{i}]' is {JsonFields.Found(entry)}; a token id of the model is "
                + $"needed, a whole number from 0 to {last}."))];
    }

    // Clients of languages with one kind of number may write 16.0.
    private static bool TryRead(JsonElement entry, out double id)
    {
        id = -1;
        return entry.ValueKind == JsonValueKind.Number && entry.TryGetDouble(out id) && id == Math.Floor(id);
    }
}
