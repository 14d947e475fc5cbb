using System.CommandLine;
using Minka.Engine.Scheduling;
using Minka.Models.Templates;
using Minka.Server;
using Minka.Server.Keys;

namespace Minka.Cli.Options;

/// <summary>How each model is served.</summary>
/// <param name="Room">Sequences and memory.</param>
/// <param name="UsesSuggestions">What the model's makers suggest holds where a request does not say.</param>
/// <param name="Template">Instead of the model's own; null for that.</param>
internal sealed record ServingChoice(
    ServingRoom Room, bool UsesSuggestions, ChatTemplate? Template);

/// <summary>The options of a server, by vLLM's and llama-server's names.</summary>
internal sealed class ServeFlags
{
    private readonly Option<string?> _host = Flag.Text(["--host"], "ADDRESS",
        "Address to listen on, * for all (default: 127.0.0.1).");

    private readonly Option<int?> _port = Flag.Number(["--port"], "N", 0, 65535, "Port; 0 for any (default: 8000).");

    private readonly Option<string[]> _names = Flag.Texts(["--served-model-name", "--alias"], "NAME",
        "What requests call a model; once for each, in order.");

    private readonly Option<int?> _sequences = Flag.Number(["--max-num-seqs", "-np"], "N", 1, 1024,
        "Sequences that run at once (default: 16).");

    private readonly Option<int?> _stepTokens = Flag.Number(["--max-num-batched-tokens"], "N", 1, 65536,
        "Tokens of one step (default: 512).");

    private readonly Option<int?> _queue = Flag.Number(["--max-queue"], "N", 1, 1_000_000,
        "Requests that may wait; one more gets 429 (default: 1024).");

    private readonly Option<int?> _kvMemory = Flag.Number(["--kv-memory"], "MIB", 1, int.MaxValue,
        "Memory for keys and values (default: what the sequences need).");

    private readonly Option<int?> _memory = Flag.Number(["--memory"], "MIB", 1, int.MaxValue,
        "Memory of all models; more are unloaded (default: no limit).");

    private readonly Option<bool> _noPrefixes = Flag.Switch(["--no-prefix-caching"], "Share no prefixes.");

    private readonly Option<Suggestions?> _suggestions = Flag.Choice<Suggestions>(["--generation-config"],
        [("auto", Suggestions.Auto), ("none", Suggestions.None)],
        "none: sample as OpenAI, whatever the model suggests.");

    private readonly Option<string?> _template = Flag.Text(["--chat-template"], "FILE",
        "A chat template instead of the model's own.");

    private readonly Option<float?> _heartbeat = Flag.Number(["--sse-heartbeat"], "S", 0f, 3600f,
        "A quiet stream says so after S seconds; 0 never (default: 10).");

    private readonly Option<float?> _drainDelay = Flag.Number(["--drain-delay"], "S", 0f, 3600f,
        "Requests are taken for so long after SIGTERM (default: 5).");

    private readonly Option<float?> _drainLimit = Flag.Number(["--drain-timeout"], "S", 0f, 86400f,
        "Then running ones have so long to end (default: 25).");

    private readonly Option<string[]> _keys = Flag.Texts(["--api-key"], "KEY",
        "A key that clients must show; repeatable (or MINKA_API_KEY).");

    private readonly Option<string?> _keyFile = Flag.Text(["--api-key-file"], "FILE",
        "Keys, one a line: name:key:requests/s:tokens/min:at once.");

    private readonly Option<bool> _insecure = Flag.Switch(["--insecure"], "Let other machines in without a key.");

    private readonly Option<string[]> _origins = Flag.Texts(["--cors-origin"], "ORIGIN",
        "Pages of this origin may use the server; repeatable, * for all.");

    private readonly Option<string?> _certificate = Flag.Text(["--tls-cert", "--ssl-cert-file"], "FILE",
        "Certificate in PEM: answer over TLS.");

    private readonly Option<string?> _certificateKey = Flag.Text(["--tls-key", "--ssl-key-file"], "FILE",
        "The certificate's private key in PEM.");

    private readonly Option<AccessLogging?> _accessLog = Flag.Choice<AccessLogging>(["--access-log"],
        [("off", AccessLogging.Off), ("json", AccessLogging.Json)],
        "json: a line for each request on the output (default: off).");

    private enum AccessLogging
    {
        Off,
        Json,
    }

    private enum Suggestions
    {
        Auto,
        None,
    }

    /// <summary>For the help.</summary>
    public IReadOnlyList<OptionGroup> Groups =>
    [
        new("Server", [_host, _port, _names, _heartbeat, _drainDelay, _drainLimit, _accessLog]),
        new("Who may ask", [_keys, _keyFile, _insecure, _origins, _certificate, _certificateKey]),
        new("Engine", [_sequences, _stepTokens, _queue, _kvMemory, _memory, _noPrefixes, _suggestions, _template]),
    ];

    /// <summary>How the server listens.</summary>
    public ServerOptions ReadServer(ParseResult parse, Action<string> log, Action<string> output)
    {
        var heartbeat = parse.GetValue(_heartbeat) ?? 10;
        var options = new ServerOptions
        {
            Host = parse.GetValue(_host) ?? "127.0.0.1",
            Port = parse.GetValue(_port) ?? 8000,
            Heartbeat = heartbeat == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(heartbeat),
            DrainDelay = TimeSpan.FromSeconds(parse.GetValue(_drainDelay) ?? 5),
            DrainLimit = TimeSpan.FromSeconds(parse.GetValue(_drainLimit) ?? 25),
            Version = ProgramVersion.Text,
            Log = log,
            AccessLog = parse.GetValue(_accessLog) == AccessLogging.Json ? output : null,
            OtelVariables = ReadOtel(),
            Keys = [.. ReadKeys(parse)],
            KeyFile = Existing(parse.GetValue(_keyFile), "key file"),
            IsInsecure = parse.GetValue(_insecure),
            CorsOrigins = parse.GetValue(_origins) ?? [],
            CertificateFile = Existing(parse.GetValue(_certificate), "certificate"),
            CertificateKeyFile = Existing(parse.GetValue(_certificateKey), "private key"),
        };
        try
        {
            options.Validate();
            return options;
        }
        catch (ArgumentException wrong)
        {
            throw new UsageException(wrong.Message);
        }
    }

    private static Dictionary<string, string> ReadOtel() => Environment.GetEnvironmentVariables()
        .Cast<System.Collections.DictionaryEntry>()
        .Where(one => ((string)one.Key).StartsWith("OTEL_", StringComparison.Ordinal))
        .ToDictionary(one => (string)one.Key, one => (string)one.Value!);

    private IEnumerable<ApiKey> ReadKeys(ParseResult parse)
    {
        List<string> secrets = [.. parse.GetValue(_keys) ?? []];
        if (Environment.GetEnvironmentVariable("MINKA_API_KEY") is { Length: > 0 } secret) secrets.Add(secret);
        if (secrets.Contains("")) throw new UsageException("--api-key is empty; it takes the key that clients show.");
        return secrets.Select((key, i) => new ApiKey($"key{i + 1}", key));
    }

    private static string? Existing(string? path, string what) => path is null || File.Exists(path)
        ? path
        : throw new UsageException($"There is no {what} '{path}'.");

    /// <summary>How each model is served.</summary>
    /// <exception cref="UsageException">Numbers contradict each other, or there is no such template.</exception>
    public ServingChoice ReadServing(ParseResult parse)
    {
        var sequences = parse.GetValue(_sequences) ?? 16;
        var scheduling = new SchedulerOptions
        {
            SequencesMax = sequences,
            TokensPerStepMax = parse.GetValue(_stepTokens) ?? Math.Max(512, sequences),
            LogitRowsMax = Math.Max(64, sequences),
            QueueMax = parse.GetValue(_queue) ?? 1024,
            PrefixCaching = !parse.GetValue(_noPrefixes),
        };
        if (scheduling.TokensPerStepMax < sequences)
            throw new UsageException($"--max-num-batched-tokens is {scheduling.TokensPerStepMax}; {sequences} "
                + "sequences need at least as many.");
        return new ServingChoice(
            new ServingRoom(scheduling, (long)(parse.GetValue(_kvMemory) ?? 0) << 20),
            parse.GetValue(_suggestions) != Suggestions.None, ReadTemplate(parse.GetValue(_template)));
    }

    /// <summary>Memory of all models together, in bytes.</summary>
    public long ReadMemory(ParseResult parse) =>
        parse.GetValue(_memory) is { } mebibytes ? (long)mebibytes << 20 : long.MaxValue;

    /// <summary>What requests call each model.</summary>
    /// <exception cref="UsageException">There are more names than models.</exception>
    public IReadOnlyList<string> ReadNames(ParseResult parse, IReadOnlyList<ModelChoice> models)
    {
        var names = parse.GetValue(_names) ?? [];
        return names.Length <= models.Count
            ? [.. models.Select((model, i) => i < names.Length ? names[i] : NameOf(model.Name))]
            : throw new UsageException($"--served-model-name is given {names.Length} times for {models.Count} models.");
    }

    private static string NameOf(string model)
    {
        var file = Path.GetFileName(Path.TrimEndingDirectorySeparator(model));
        return Path.GetExtension(file) is ".gguf" or ".m" ? Path.GetFileNameWithoutExtension(file) : file;
    }

    private static ChatTemplate? ReadTemplate(string? path)
    {
        return Existing(path, "chat template") is { } found ? ChatTemplate.Parse(File.ReadAllText(found)) : null;
    }
}
