namespace Minka.LoadTest.Client;

/// <summary>Why a request brought no answer, or only a part of one.</summary>
public enum FailureKind
{
    /// <summary>It did not fail.</summary>
    None,

    /// <summary>No connection was made: refused, unreachable, name unknown, TLS.</summary>
    Connect,

    /// <summary>The connection broke before the end.</summary>
    Reset,

    /// <summary>The end did not come in time.</summary>
    Timeout,

    /// <summary>429: full.</summary>
    TooManyRequests,

    /// <summary>Another status of 400 to 499.</summary>
    ClientError,

    /// <summary>A status of 500 and above.</summary>
    ServerError,

    /// <summary>The server said so within the stream.</summary>
    ErrorEvent,

    /// <summary>An event that is not the JSON of a chunk.</summary>
    BadEvent,

    /// <summary>A line without end.</summary>
    LineTooLong,

    /// <summary>The answer is no stream of events.</summary>
    NotAStream,

    /// <summary>The stream ended without saying that the answer did.</summary>
    Truncated,

    /// <summary>The answer ended without a token.</summary>
    Empty,

    /// <summary>Far more tokens than were asked for.</summary>
    Endless,

    /// <summary>Ctrl+C: not the server's fault, and not counted as a failure.</summary>
    Cancelled,
}
