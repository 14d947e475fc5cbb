using System.Net;
using Minka.Server.Keys;

namespace Minka.Server;

/// <summary>How a server listens and what it allows.</summary>
public sealed record ServerOptions
{
    /// <summary>Address to listen on; <c>*</c> for every one.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Port; 0 for any that is free.</summary>
    public int Port { get; init; } = 8000;

    /// <summary>Bytes of a request's body at most.</summary>
    public long BodyBytesMax { get; init; } = 8 << 20;

    /// <summary>Bytes of a request's headers at most.</summary>
    public int HeaderBytesMax { get; init; } = 32 << 10;

    /// <summary>Time to send the headers of a request.</summary>
    public TimeSpan HeaderTimeLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A stream says that it lives after so long without text; infinite for never.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After SIGTERM requests are still taken for so long, so that whoever routes them can notice.</summary>
    public TimeSpan DrainDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Then running requests have so long to end.</summary>
    public TimeSpan DrainLimit { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>Keys that open the server; it is open to all without any and without <see cref="KeyFile"/>.</summary>
    public IReadOnlyList<ApiKey> Keys { get; init; } = [];

    /// <summary>A file of keys, read again when it changes; null for none.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Other machines may reach it without a key.</summary>
    public bool IsInsecure { get; init; }

    /// <summary>Origins whose pages may use it, <c>*</c> for all; its own may always.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary>A certificate in PEM, with its chain; null for plain HTTP.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>Its private key in PEM; null where the certificate's file has it.</summary>
    public string? CertificateKeyFile { get; init; }

    /// <summary>Only this machine reaches it.</summary>
    public bool IsLoopback => Host == "localhost" || (IPAddress.TryParse(Host, out var at) && IPAddress.IsLoopback(at));

    /// <summary>Checks the options against each other.</summary>
    /// <exception cref="ArgumentException">They make no sense, or open the server to everybody.</exception>
    public void Validate()
    {
        if (Host is not ("*" or "localhost") && !IPAddress.TryParse(Host, out _))
            throw new ArgumentException($"--host is '{Host}'; an address of this machine, localhost or * is needed.");
        if (!IsLoopback && Keys.Count == 0 && KeyFile is null && !IsInsecure)
            throw new ArgumentException($"Other machines reach {Host}; give --api-key or --api-key-file, or say "
                + "--insecure where everybody may ask.");
        if (CertificateKeyFile is not null && CertificateFile is null)
            throw new ArgumentException("A private key needs its certificate; give --tls-cert too.");
    }

    /// <summary>Takes a line of JSON for each request that was answered; null for no such log.</summary>
    public Action<string>? AccessLog { get; init; }

    /// <summary>The <c>OTEL_*</c> variables: whether and where traces and metrics are sent.</summary>
    public IReadOnlyDictionary<string, string> OtelVariables { get; init; } =
        System.Collections.Immutable.ImmutableDictionary<string, string>.Empty;

    /// <summary>The program's version, for people.</summary>
    public string Version { get; init; } = "";

    /// <summary>Told what people who run the server should know, a line at a time; never what a prompt says.</summary>
    public Action<string> Log { get; init; } = _ => { };
}
