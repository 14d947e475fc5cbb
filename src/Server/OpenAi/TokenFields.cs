using Minka.Engine.Sampling;
using Minka.Server.Http;

namespace Minka.Server.OpenAi;

/// <summary>The fields of sampling that list tokens, words or filters.</summary>
internal static class TokenFields
{
    private const int WordsMax = 64, WordCharsMax = 256, AllowedMax = 1 << 20, FiltersMax = 32;

    // llama.cpp's.
    private static readonly string[] BreakersByDefault = ["\n", ":", "\"", "*"];

    /// <summary>The only tokens that may be said; empty for all.</summary>
    public static IReadOnlyList<int> ReadAllowed(JsonFields fields, ServedModel model)
    {
        const string name = "allowed_token_ids";
        if (!fields.Has(name)) return [];
        var ids = TokenIds.Read(fields.List(name, AllowedMax), name, name, model);
        return ids.Length > 0 ? ids : throw ApiFault.Invalid(name, $"'{name}' is empty; nothing could be said.");
    }

    /// <summary>Words that are not said, each as it begins a text and as it follows a space.</summary>
    public static IReadOnlyList<IReadOnlyList<int>> ReadBadWords(JsonFields fields, ServedModel model)
    {
        List<IReadOnlyList<int>> words = [];
        foreach (var word in ReadWords(fields, "bad_words").Select(word => word.Trim()))
        {
            CheckLength(word, "bad_words");
            words.Add(model.Tokenizer.Encode(word, addSpecial: false));
            words.Add(model.Tokenizer.Encode($" {word}", addSpecial: false));
        }
        return words;
    }

    /// <summary>Tokens across which nothing counts as repeated: of each text the last, as it follows a
    /// letter.</summary>
    public static IReadOnlyList<int> ReadDryBreakers(JsonFields fields, ServedModel model)
    {
        const string name = "dry_sequence_breakers";
        var breakers = fields.Has(name) ? ReadWords(fields, name) : BreakersByDefault;
        foreach (var breaker in breakers) CheckLength(breaker, name);
        if (fields.Number("dry_multiplier", 0, 100) is not > 0) return [];
        return [.. breakers.Select(Last).Distinct()];

        int Last(string breaker) => model.Tokenizer.Encode($"a{breaker}", addSpecial: false)[^1];
    }

    /// <summary>The order of filters, by llama.cpp's names; null for the usual one.</summary>
    public static IReadOnlyList<SamplingFilterKind>? ReadOrder(JsonFields fields)
    {
        const string name = "samplers";
        if (!fields.Has(name)) return null;
        List<SamplingFilterKind> order = [];
        foreach (var item in fields.List(name, FiltersMax))
        {
            switch (JsonFields.TextOf(item, name))
            {
                case "temperature": order.Add(SamplingFilterKind.Temperature); break;
                case "min_p": order.Add(SamplingFilterKind.MinP); break;
                case "top_k": order.Add(SamplingFilterKind.TopK); break;
                case "typ_p" or "typical_p": order.Add(SamplingFilterKind.TypicalP); break;
                case "top_p": order.Add(SamplingFilterKind.TopP); break;
                case "xtc": order.Add(SamplingFilterKind.Xtc); break;
                // These look at the text and not at the candidates: they come first wherever they are named.
                case "penalties" or "dry": break;
                default:
                    throw ApiFault.Invalid(name, $"'{name}' names a filter that is none of temperature, min_p, "
                        + "top_k, typ_p, top_p, xtc, penalties and dry.");
            }
        }
        return order;
    }

    private static IReadOnlyList<string> ReadWords(JsonFields fields, string name) =>
        [.. fields.List(name, WordsMax).Select(item => JsonFields.TextOf(item, name))];

    private static void CheckLength(string word, string name)
    {
        if (word.Length is 0 or > WordCharsMax)
            throw ApiFault.Invalid(name,
                $"'{name}' holds a word of {word.Length} characters; 1 to {WordCharsMax} are needed.");
    }
}
