using System.CommandLine;
using System.Text.Json;
using Minka.Cli.Options;
using Minka.LoadTest.Client;

namespace Minka.Cli.Measuring;

/// <summary>The options that say which server is measured and what every request to it carries; vLLM's names.</summary>
internal sealed class LoadTargetFlags
{
    private const string KeyVariable = "OPENAI_API_KEY";

    private enum Endpoint
    {
        Completions,
        Chat,
    }

    private readonly Option<Endpoint?> _backend = Flag.Choice<Endpoint>(["--backend"],
        [("openai", Endpoint.Completions), ("vllm", Endpoint.Completions), ("openai-chat", Endpoint.Chat)],
        "Completions, or openai-chat for chat completions (default: openai).");

    private readonly Option<string?> _baseUrl = Flag.Text(["--base-url"], "URL",
        "The server, instead of host and port.");
    private readonly Option<string?> _host = Flag.Text(["--host"], "HOST", "The server's host (default: 127.0.0.1).");
    private readonly Option<int?> _port = Flag.Number(["--port"], "N", 1, 65535, "The server's port (default: 8000).");

    private readonly Option<string?> _endpoint = Flag.Text(["--endpoint"], "PATH",
        "Path of the requests (default: the backend's).");

    private readonly Option<string?> _model = Flag.Text(["--model", "-m", "--served-model-name"], "NAME",
        "Model that requests name (default: the server's first).");

    private readonly Option<string?> _key = Flag.Text(["--api-key"], "KEY", $"Key (default: {KeyVariable}).");

    private readonly Option<string[]> _headers = Flag.Texts(["--header"], "NAME=VALUE", "One more header; repeatable.");
    private readonly Option<bool> _insecure = Flag.Switch(["--insecure"], "Take any TLS certificate.");

    private readonly Option<double?> _ready = Flag.Number(["--ready-check-timeout-sec"], "S", 0.0, 86400,
        "Wait so long for the server to get ready (default: 0).");

    private readonly Option<double?> _timeout = Flag.Number(["--request-timeout"], "S", 0.01, 86400,
        "A request without an end after S seconds has failed (default: 600).");

    private readonly Option<bool> _ignoreEos = Flag.Switch(["--ignore-eos"],
        "Ask for answers of the full length (default for random and trace).");

    private readonly Option<bool> _heedEos = Flag.Switch(["--no-ignore-eos"],
        "Let answers end by themselves; for servers that refuse ignore_eos.");

    private readonly Option<double?> _temperature = Flag.Number(["--temperature", "--temp"], "T", 0.0, 100,
        "Temperature (default: the server's).");

    private readonly Option<double?> _topP = Flag.Number(["--top-p"], "P", 0.0, 1, "Top-p (default: the server's).");
    private readonly Option<int?> _topK = Flag.Number(["--top-k"], "K", -1, int.MaxValue, "Top-k.");
    private readonly Option<double?> _minP = Flag.Number(["--min-p"], "P", 0.0, 1, "Min-p.");
    private readonly Option<double?> _frequency = Flag.Number(["--frequency-penalty"], "F", -2.0, 2,
        "Frequency penalty.");

    private readonly Option<double?> _presence = Flag.Number(["--presence-penalty"], "P", -2.0, 2, "Presence penalty.");
    private readonly Option<double?> _repetition = Flag.Number(["--repetition-penalty", "--repeat-penalty"], "R",
        0.01, 100, "Repetition penalty.");

    private readonly Option<string?> _extraBody = Flag.Text(["--extra-body"], "JSON", "More fields of every request.");

    /// <summary>Where and how long.</summary>
    public OptionGroup Server => new("Server",
        [_backend, _baseUrl, _host, _port, _endpoint, _model, _key, _headers, _insecure, _ready, _timeout]);

    /// <summary>What requests carry.</summary>
    public OptionGroup Request => new("Request",
    [
        _ignoreEos, _heedEos, _temperature, _topP, _topK, _minP, _frequency, _presence, _repetition, _extraBody,
    ]);

    /// <summary>How long the server may take to get ready.</summary>
    public TimeSpan ReadyTimeout(ParseResult parse) => TimeSpan.FromSeconds(parse.GetValue(_ready) ?? 0);

    /// <summary>vLLM's word for the endpoint.</summary>
    public static string Backend(LoadTarget target) => target.IsChat ? "openai-chat" : "openai";

    /// <summary>What was asked for.</summary>
    /// <param name="parse">Command line.</param>
    /// <param name="isLengthGiven">The data set says how long answers are.</param>
    /// <exception cref="UsageException">Options contradict each other.</exception>
    public LoadTarget Read(ParseResult parse, bool isLengthGiven)
    {
        var (baseUrl, host, port) = (parse.GetValue(_baseUrl), parse.GetValue(_host), parse.GetValue(_port));
        if (baseUrl is not null && (host is not null || port is not null))
            throw new UsageException("--base-url says all that --host and --port say; leave one out.");
        var (ignores, heeds) = (parse.GetValue(_ignoreEos), parse.GetValue(_heedEos));
        if (ignores && heeds) throw new UsageException("--ignore-eos and --no-ignore-eos contradict; leave one out.");
        var endpoint = parse.GetValue(_endpoint);
        var isChatPath = endpoint?.TrimEnd('/').EndsWith("chat/completions", StringComparison.Ordinal);
        bool? isChat = parse.GetValue(_backend) is { } backend ? backend == Endpoint.Chat : null;
        if (isChat is not null && isChatPath is not null && isChat != isChatPath)
            throw new UsageException($"--backend is not what --endpoint '{endpoint}' speaks; leave one out.");
        var hostPart = host is not null && host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
        return new(LoadTarget.ParseUrl(baseUrl ?? $"http://{hostPart ?? "127.0.0.1"}:{port ?? 8000}"),
            isChat ?? isChatPath ?? false)
        {
            Endpoint = endpoint,
            Model = parse.GetValue(_model) ?? "",
            ApiKey = parse.GetValue(_key) ?? Environment.GetEnvironmentVariable(KeyVariable),
            Headers = [.. (parse.GetValue(_headers) ?? []).Select(text => Pair("--header", text))],
            IsInsecure = parse.GetValue(_insecure),
            IgnoreEos = ignores || (isLengthGiven && !heeds),
            Timeout = TimeSpan.FromSeconds(parse.GetValue(_timeout) ?? 600),
            ExtraBody = ExtraBody(parse),
        };
    }

    /// <summary>Reads <c>NAME=VALUE</c>.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public static KeyValuePair<string, string> Pair(string option, string text) =>
        text.Split('=', 2) is [{ Length: > 0 } name, var value]
            ? new(name.Trim(), value.Trim())
            : throw new UsageException($"{option} is '{text}'; it takes NAME=VALUE.");

    /// <summary>Sampling parameters, and over them what was given as JSON.</summary>
    private JsonElement ExtraBody(ParseResult parse)
    {
        var fields = new List<(string Name, double? Value)>
        {
            ("temperature", parse.GetValue(_temperature)), ("top_p", parse.GetValue(_topP)),
            ("top_k", parse.GetValue(_topK)), ("min_p", parse.GetValue(_minP)),
            ("frequency_penalty", parse.GetValue(_frequency)), ("presence_penalty", parse.GetValue(_presence)),
            ("repetition_penalty", parse.GetValue(_repetition)),
        };
        using var extra = ParseObject(parse.GetValue(_extraBody) ?? "{}");
        using var merged = JsonDocument.Parse(Json.WriteObject(json =>
        {
            foreach (var (name, value) in fields)
                if (value is { } number && !extra.RootElement.TryGetProperty(name, out _))
                    json.WriteNumber(name, number);
            foreach (var field in extra.RootElement.EnumerateObject()) field.WriteTo(json);
        }));
        return merged.RootElement.Clone();
    }

    private static JsonDocument ParseObject(string text)
    {
        try
        {
            var json = JsonDocument.Parse(text);
            return json.RootElement.ValueKind == JsonValueKind.Object
                ? json : throw new UsageException($"--extra-body is '{text}'; it takes a JSON object.");
        }
        catch (JsonException)
        {
            throw new UsageException($$"""--extra-body is '{{text}}'; it takes a JSON object, as in {"n":1}.""");
        }
    }
}
