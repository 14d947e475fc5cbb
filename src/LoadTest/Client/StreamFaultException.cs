namespace Minka.LoadTest.Client;

/// <summary>A stream of events that is not what an OpenAI server sends.</summary>
/// <param name="kind">Which fault.</param>
/// <param name="message">What was found.</param>
internal sealed class StreamFaultException(FailureKind kind, string message) : Exception(message)
{
    /// <summary>Which fault.</summary>
    public FailureKind Kind { get; } = kind;

    /// <summary>A line or an event without end.</summary>
    public static StreamFaultException TooLong(int bytesMax) =>
        new(FailureKind.LineTooLong, $"an event of more than {bytesMax} bytes");
}
