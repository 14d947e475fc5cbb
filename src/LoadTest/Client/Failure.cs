using System.Net;

namespace Minka.LoadTest.Client;

/// <summary>Why a request failed.</summary>
/// <param name="Kind">To count by.</param>
/// <param name="Message">What was found; one line.</param>
public sealed record Failure(FailureKind Kind, string Message)
{
    private const int LettersMax = 200;

    /// <summary>The name that reports and result files use.</summary>
    public string Name => NameOf(Kind);

    /// <summary>A kind by the name that reports and result files use.</summary>
    public static string NameOf(FailureKind kind) => kind switch
    {
        FailureKind.Connect => "connection refused",
        FailureKind.Reset => "connection lost",
        FailureKind.Timeout => "timed out",
        FailureKind.TooManyRequests => "429 too many requests",
        FailureKind.ClientError => "4xx refused",
        FailureKind.ServerError => "5xx server error",
        FailureKind.ErrorEvent => "error in the stream",
        FailureKind.BadEvent => "garbage in the stream",
        FailureKind.LineTooLong => "event too long",
        FailureKind.NotAStream => "no stream of events",
        FailureKind.Truncated => "stream cut short",
        FailureKind.Empty => "no token",
        FailureKind.Endless => "stream without end",
        FailureKind.Cancelled => "cancelled",
        _ => "none",
    };

    /// <summary>Reads what a result file holds: name, colon, message.</summary>
    internal static Failure Parse(string text)
    {
        var name = text.Split(": ", 2)[0];
        var kind = Enum.GetValues<FailureKind>().FirstOrDefault(kind => NameOf(kind) == name);
        return kind == FailureKind.None
            ? new(FailureKind.Reset, Excerpt(text)) : new(kind, text[Math.Min(text.Length, name.Length + 2)..]);
    }

    /// <summary>One line that is not too long, without control characters.</summary>
    internal static string Excerpt(string text)
    {
        var line = string.Concat(text.Take(LettersMax).Select(letter => char.IsControl(letter) ? ' ' : letter));
        return text.Length <= LettersMax ? line.Trim() : line + "…";
    }

    /// <summary>A status that is no success, with the beginning of its body.</summary>
    internal static Failure OfStatus(HttpStatusCode status, string body) => new(
        (int)status switch
        {
            429 => FailureKind.TooManyRequests,
            >= 400 and < 500 => FailureKind.ClientError,
            >= 500 => FailureKind.ServerError,
            _ => FailureKind.NotAStream,
        },
        Excerpt($"{(int)status} {body}"));

    /// <summary>No connection was made.</summary>
    internal static bool IsRefusal(HttpRequestException error) => error.HttpRequestError is
        HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
        or HttpRequestError.SecureConnectionError;

    /// <summary>What the network threw.</summary>
    internal static Failure OfException(Exception error, bool hasHeaders) => error switch
    {
        StreamFaultException fault => new(fault.Kind, fault.Message),
        HttpRequestException refused when IsRefusal(refused) => new(FailureKind.Connect, Excerpt(refused.Message)),
        _ => new(FailureKind.Reset, Excerpt(hasHeaders ? error.Message : $"before any answer: {error.Message}")),
    };
}
