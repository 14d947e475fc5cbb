using System.CommandLine;

namespace Minka.Cli.Options;

/// <summary>A server that answers instead of this machine.</summary>
/// <param name="Url">Its address, without <c>/v1</c>.</param>
/// <param name="Key">What it wants to be shown; null for nothing.</param>
/// <param name="Model">Which of its models; null for the first.</param>
internal sealed record RemoteChoice(Uri Url, string? Key, string? Model);

/// <summary>The options of verbs that can ask a server.</summary>
internal sealed class RemoteFlags
{
    private readonly Option<string?> _server = Flag.Text(["--server"], "URL",
        "Ask a server, such as http://127.0.0.1:8000, instead.");

    private readonly Option<string?> _key = Flag.Text(["--api-key"], "KEY",
        "What that server wants to see (or MINKA_API_KEY).");

    /// <summary>In reading order.</summary>
    public IReadOnlyList<Option> Options => [_server, _key];

    /// <summary>What was asked for; null for this machine.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="model">A model that was named; null for none.</param>
    /// <exception cref="UsageException">The address is none.</exception>
    public RemoteChoice? Read(ParseResult parse, string? model)
    {
        if (parse.GetValue(_server) is not { } text) return null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            throw new UsageException($"--server is '{text}'; an address such as http://127.0.0.1:8000 is needed.");
        var path = url.AbsolutePath.TrimEnd('/');
        if (path.EndsWith("/v1", StringComparison.Ordinal)) path = path[..^"/v1".Length];
        return new RemoteChoice(
            new Uri(url, path + "/"), parse.GetValue(_key) ?? Environment.GetEnvironmentVariable("MINKA_API_KEY"),
            model);
    }
}
