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

    /// <summary>The program's version, for people.</summary>
    public string Version { get; init; } = "";

    /// <summary>Told what people who run the server should know, a line at a time; never what a prompt says.</summary>
    public Action<string> Log { get; init; } = _ => { };
}
