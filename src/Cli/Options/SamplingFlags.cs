using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Minka.Engine.Constraints;
using Minka.Engine.Sampling;
using Minka.Models.Loading;

namespace Minka.Cli.Options;

/// <summary>How answers are sampled and when they end.</summary>
/// <param name="Sampling">For the engine; the seed is always set.</param>
/// <param name="TokensMax">Tokens to make at most.</param>
/// <param name="Stops">Texts that end an answer; they are not part of it.</param>
/// <param name="IgnoreEos">Goes on after the model's own end.</param>
internal sealed record AnswerOptions(
    SamplingOptions Sampling, int TokensMax, IReadOnlyList<string> Stops, bool IgnoreEos)
{
    /// <summary>What was typed, as JSON by the names of a server's fields.</summary>
    public IReadOnlyDictionary<string, string> Given { get; init; } =
        System.Collections.Immutable.ImmutableDictionary<string, string>.Empty;

    /// <summary>What the answer must look like; null for any text.</summary>
    public Constraint? Constraint { get; init; }
}

/// <summary>The sampling options of run and chat, by llama.cpp's names.</summary>
internal sealed partial class SamplingFlags
{
    private readonly Option<int?> _tokens = Flag.Number(["--n-predict", "-n", "--predict", "--max-tokens"], "N",
        -1, int.MaxValue, "Tokens to make at most (default: -1, to the end).");

    private readonly Option<float?> _temperature = Flag.Number(["--temp", "--temperature"], "T", 0f, 100f,
        "Temperature; 0 takes the most probable token.");

    private readonly Option<int?> _topK = Flag.Number(["--top-k"], "K", 0, int.MaxValue,
        "Keep the K most probable tokens; 0 is off.");

    private readonly Option<float?> _topP = Flag.Number(["--top-p"], "P", 0f, 1f,
        "Keep the most probable that reach P; 1 is off.");

    private readonly Option<float?> _minP = Flag.Number(["--min-p"], "P", 0f, 1f,
        "Keep those P times as probable as the best; 0 is off.");

    private readonly Option<float?> _typicalP = Flag.Number(["--typical-p", "--typical"], "P", 0f, 1f,
        "Keep the most typical that reach P; 1 is off.");

    private readonly Option<float?> _repeat = Flag.Number(["--repeat-penalty", "--repetition-penalty"], "R",
        0.01f, 100f, "Make tokens that occurred less likely; 1 is off.");

    private readonly Option<float?> _presence = Flag.Number(["--presence-penalty"], "P", -2f, 2f,
        "Taken from tokens that occurred; 0 is off.");

    private readonly Option<float?> _frequency = Flag.Number(["--frequency-penalty"], "F", -2f, 2f,
        "Taken for each time they occurred; 0 is off.");

    private readonly Option<int?> _window = Flag.Number(["--repeat-last-n"], "N", -1, int.MaxValue,
        "The penalties look back N tokens; -1 and 0 look at all (default: 0).");

    private readonly Option<string[]> _bias = Flag.Texts(["--logit-bias"], "ID±BIAS",
        "Shift one token, as in 15043+1 or 15043-inf; repeatable.");

    private readonly Option<string[]> _stops = Flag.Texts(["--stop"], "TEXT",
        "End the answer before this text; repeatable.");

    private readonly Option<bool> _ignoreEos = Flag.Switch(["--ignore-eos"], "Go on after the model's own end.");

    private readonly Option<long?> _seed = Flag.Number(["--seed"], "N", -1, long.MaxValue,
        "Same seed, same text (default: -1, another each time).");

    /// <summary>For the help.</summary>
    public OptionGroup Group => new("Sampling (defaults: the model's own suggestion, else llama.cpp's)",
    [
        _tokens, _temperature, _topK, _topP, _minP, _typicalP, _repeat, _presence, _frequency, _window, _bias, _stops,
        _ignoreEos, _seed,
    ]);

    /// <summary>What was asked for, over what the model suggests.</summary>
    /// <exception cref="UsageException">A bias or a stop text makes no sense.</exception>
    public AnswerOptions Read(ParseResult parse, GenerationDefaults suggested)
    {
        var start = Start(suggested);
        var seed = parse.GetValue(_seed) ?? -1;
        var sampling = start with
        {
            Temperature = parse.GetValue(_temperature) ?? start.Temperature,
            TopK = parse.GetValue(_topK) ?? start.TopK,
            TopP = parse.GetValue(_topP) ?? start.TopP,
            MinP = parse.GetValue(_minP) ?? start.MinP,
            TypicalP = parse.GetValue(_typicalP) ?? 1,
            RepetitionPenalty = parse.GetValue(_repeat) ?? start.RepetitionPenalty,
            PresencePenalty = parse.GetValue(_presence) ?? 0,
            FrequencyPenalty = parse.GetValue(_frequency) ?? 0,
            PenaltyWindow = Math.Max(0, parse.GetValue(_window) ?? 0),
            LogitBias = (parse.GetValue(_bias) ?? []).Select(ReadBias).ToDictionary(),
            Seed = seed < 0 ? NewSeed() : (ulong)seed,
        };
        var stops = parse.GetValue(_stops) ?? [];
        if (stops.Contains("")) throw new UsageException("--stop is empty; it takes the text to stop before.");
        var tokens = parse.GetValue(_tokens) ?? -1;
        return new(sampling, tokens < 0 ? int.MaxValue : tokens, stops, parse.GetValue(_ignoreEos))
        {
            Given = Given(parse, stops, sampling),
        };
    }

    private Dictionary<string, string> Given(ParseResult parse, string[] stops, SamplingOptions sampling)
    {
        var given = new Dictionary<string, string>();
        void Add<T>(string field, T? value) where T : struct, IFormattable
        {
            if (value is { } number) given[field] = number.ToString(null, CultureInfo.InvariantCulture);
        }
        Add("max_tokens", parse.GetValue(_tokens) is > 0 and var tokens ? tokens : (int?)null);
        Add("temperature", parse.GetValue(_temperature));
        Add("top_k", parse.GetValue(_topK));
        Add("top_p", parse.GetValue(_topP));
        Add("min_p", parse.GetValue(_minP));
        Add("typical_p", parse.GetValue(_typicalP));
        Add("repetition_penalty", parse.GetValue(_repeat));
        Add("presence_penalty", parse.GetValue(_presence));
        Add("frequency_penalty", parse.GetValue(_frequency));
        Add("repeat_last_n", parse.GetValue(_window));
        Add("seed", parse.GetValue(_seed) is >= 0 and var seed ? seed : (long?)null);
        if (parse.GetValue(_ignoreEos)) given["ignore_eos"] = "true";
        if (stops.Length > 0)
            given["stop"] = Json.Write(json =>
            {
                json.WriteStartArray();
                foreach (var stop in stops) json.WriteStringValue(stop);
                json.WriteEndArray();
            });
        if (sampling.LogitBias.Count > 0)
            given["logit_bias"] = Json.WriteObject(json =>
            {
                foreach (var (id, bias) in sampling.LogitBias)
                    json.WriteNumber(id.ToString(CultureInfo.InvariantCulture), bias);
            });
        return given;
    }

    /// <summary>What holds without a command line.</summary>
    public static AnswerOptions Defaults(GenerationDefaults suggested) =>
        new(Start(suggested) with { Seed = NewSeed() }, int.MaxValue, [], false);

    private static ulong NewSeed() => (ulong)RandomNumberGenerator.GetInt32(int.MaxValue);

    /// <summary>What holds without any option. A model that suggests nothing gets llama.cpp's defaults.</summary>
    private static SamplingOptions Start(GenerationDefaults suggested)
    {
        if (suggested.DoSample == false) return SamplingOptions.Greedy;
        var saysNothing = suggested is { DoSample: null, Temperature: null, TopK: null, TopP: null, MinP: null };
        if (saysNothing) return new SamplingOptions { Temperature = 0.8f, TopK = 40, TopP = 0.95f, MinP = 0.05f };
        return new SamplingOptions
        {
            Temperature = suggested.Temperature ?? 1,
            TopK = suggested.TopK ?? 0,
            TopP = suggested.TopP ?? 1,
            MinP = suggested.MinP ?? 0,
            RepetitionPenalty = suggested.RepetitionPenalty ?? 1,
        };
    }

    private static KeyValuePair<int, float> ReadBias(string text)
    {
        var match = Bias().Match(text);
        if (match.Success && int.TryParse(match.Groups["id"].Value, CultureInfo.InvariantCulture, out var id))
        {
            var sign = match.Groups["sign"].Value == "-" ? -1 : 1;
            // The engine's range ends at 100, which no softmax survives: as good as infinity.
            var size = match.Groups["size"].Value is var size_ && size_ == "inf"
                ? 100 : float.Parse(size_, CultureInfo.InvariantCulture);
            if (size <= 100) return new(id, sign * size);
        }
        throw new UsageException(
            $"--logit-bias is '{text}'; it takes a token id, + or -, and at most 100, as in 15043-5.");
    }

    [GeneratedRegex(@"^(?<id>\d+)(?<sign>[+-])(?<size>inf|\d+(?:\.\d+)?)$")]
    private static partial Regex Bias();
}
