using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Minka.Engine;
using Minka.Engine.Sampling;
using Minka.Models.Loading;
using Minka.Server.Generating;
using Minka.Server.Http;

namespace Minka.Server.OpenAi;

/// <summary>The fields that chat and completions share: how the next token is picked and when the text ends.</summary>
internal static class SamplingFields
{
    private const int StopsMax = 16, StopCharsMax = 256, SecondsMax = 86_400, BiasesMax = 1024;

    /// <summary>Reads them; what a request does not say is the model's suggestion, else OpenAI's constant.</summary>
    /// <param name="fields">The body.</param>
    /// <param name="model">Whose suggestions and vocabulary.</param>
    public static TextOptions Read(JsonFields fields, ServedModel model)
    {
        var (constraintField, constraint) = ConstraintFields.Read(fields);
        return ReadPromptLogprobs(fields, new()
        {
            Sampling = ReadSampling(fields, model),
            TokensMin = fields.Whole("min_tokens", 0, int.MaxValue) ?? 0,
            Stops = ReadStops(fields),
            KeepsStop = fields.Flag("include_stop_str_in_output") ?? false,
            StopIds = TokenIds.Read(
                fields.List("stop_token_ids", StopsMax), "stop_token_ids", "stop_token_ids", model),
            IgnoreEos = fields.Flag("ignore_eos") ?? false,
            ShowsSpecial = fields.Flag("skip_special_tokens") == false,
            Choices = fields.Whole("n", 1, GenerationRequest.ChoicesMax) ?? 1,
            Constraint = constraint,
            ConstraintField = constraintField,
            Priority = fields.Whole("priority", -1_000_000, 1_000_000) ?? 0,
            CacheSalt = fields.Text("cache_salt") ?? "",
            TimeLimit = fields.Number("timeout", 0, SecondsMax, excludesLeast: true) is { } seconds
                ? TimeSpan.FromSeconds(seconds) : TimeSpan.MaxValue,
            WantsTokens = fields.Flag("return_token_ids") ?? false,
        });
    }

    private static TextOptions ReadPromptLogprobs(JsonFields fields, TextOptions options)
    {
        if (fields.Whole("prompt_logprobs", 0, GenerationRequest.TopLogprobsMax) is not { } top) return options;
        if (fields.Flag("stream") == true)
            throw ApiFault.Invalid("prompt_logprobs", "'prompt_logprobs' is not streamed; ask without 'stream'.");
        return options with { WantsPromptLogprobs = true, PromptTopLogprobs = top };
    }

    private static SamplingOptions ReadSampling(JsonFields fields, ServedModel model)
    {
        var usual = Usual(model.Options.Defaults);
        var seed = fields.Long("seed", long.MinValue, long.MaxValue);
        return usual with
        {
            Seed = (ulong)(seed ?? RandomNumberGenerator.GetInt32(int.MaxValue)),
            Temperature = fields.Number("temperature", 0, 2) ?? usual.Temperature,
            TopP = fields.Number("top_p", 0, 1, excludesLeast: true) ?? usual.TopP,
            TopK = fields.Whole("top_k", -1, int.MaxValue) is { } k ? Math.Max(0, k) : usual.TopK,
            MinP = fields.Number("min_p", 0, 1) ?? usual.MinP,
            TypicalP = fields.Number("typical_p", 0, 1, excludesLeast: true) ?? 1,
            FrequencyPenalty = fields.Number("frequency_penalty", -2, 2) ?? 0,
            PresencePenalty = fields.Number("presence_penalty", -2, 2) ?? 0,
            RepetitionPenalty = fields.Number("repetition_penalty", 0.01f, 100)
                ?? fields.Number("repeat_penalty", 0.01f, 100) ?? usual.RepetitionPenalty,
            PenaltyWindow = fields.Whole("repeat_last_n", -1, int.MaxValue) is { } window ? Math.Max(0, window) : 0,
            XtcProbability = fields.Number("xtc_probability", 0, 1) ?? 0,
            XtcThreshold = fields.Number("xtc_threshold", 0, 1) ?? 0.1f,
            DryMultiplier = fields.Number("dry_multiplier", 0, 100) ?? 0,
            DryBase = fields.Number("dry_base", 1, 10) ?? 1.75f,
            DryAllowedLength = fields.Whole("dry_allowed_length", 1, 1024) ?? 2,
            DryWindow = fields.Whole("dry_penalty_last_n", -1, int.MaxValue) is { } reach ? Math.Max(0, reach) : 0,
            DryBreakers = TokenFields.ReadDryBreakers(fields, model),
            LogitBias = ReadBiases(fields),
            AllowedIds = TokenFields.ReadAllowed(fields, model),
            BadWords = TokenFields.ReadBadWords(fields, model),
            Order = TokenFields.ReadOrder(fields) ?? usual.Order,
        };
    }

    private static SamplingOptions Usual(GenerationDefaults defaults) => new()
    {
        Temperature = defaults.DoSample == false ? 0 : Math.Clamp(defaults.Temperature ?? 1, 0, 2),
        TopK = defaults.TopK ?? 0,
        TopP = defaults.TopP ?? 1,
        MinP = defaults.MinP ?? 0,
        RepetitionPenalty = Math.Clamp(defaults.RepetitionPenalty ?? 1, 0.01f, 100),
    };

    private static IReadOnlyList<string> ReadStops(JsonFields fields)
    {
        if (!fields.TryGet("stop", out var value)) return [];
        IReadOnlyList<string> stops = value.ValueKind == JsonValueKind.String
            ? [JsonFields.TextOf(value, "stop")]
            : [.. fields.List("stop", StopsMax, "a string or a list of strings")
                .Select(stop => JsonFields.TextOf(stop, "stop"))];
        foreach (var stop in stops)
        {
            if (stop.Length is 0 or > StopCharsMax)
                throw ApiFault.Invalid("stop",
                    $"'stop' holds a text of {stop.Length} characters; 1 to {StopCharsMax} are needed.");
        }
        return stops;
    }

    private static Dictionary<int, float> ReadBiases(JsonFields fields)
    {
        var biases = new Dictionary<int, float>();
        if (fields.Object("logit_bias") is not { } list) return biases;
        foreach (var entry in list.Element.EnumerateObject())
        {
            if (biases.Count == BiasesMax)
                throw ApiFault.Invalid("logit_bias", $"'logit_bias' has more than {BiasesMax} entries.");
            if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                throw ApiFault.Invalid("logit_bias", $"'logit_bias' has the key '{JsonFields.Shortened(entry.Name)}'; "
                    + "token ids are needed, whole numbers from 0.");
            biases[id] = list.Number(entry.Name, -100, 100) ?? 0;
        }
        return biases;
    }
}
