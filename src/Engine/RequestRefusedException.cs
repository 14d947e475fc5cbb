namespace Minka.Engine;

/// <summary>Why a request was not accepted.</summary>
public enum RefusalReason
{
    /// <summary>A value is out of its range; asking again does not help.</summary>
    Invalid,

    /// <summary>The prompt does not fit the context.</summary>
    TooLong,

    /// <summary>A constraint uses what is not supported.</summary>
    Unsupported,

    /// <summary>Too many requests wait; later it may be accepted.</summary>
    QueueFull,

    /// <summary>The engine takes no more requests.</summary>
    Stopping,
}

/// <summary>A request that was not accepted: what was found, what was needed, what to do.</summary>
/// <param name="reason">The kind of refusal.</param>
/// <param name="parameter">The value at fault, by OpenAI's name; empty when none is.</param>
/// <param name="message">One sentence for who asked.</param>
public sealed class RequestRefusedException(RefusalReason reason, string parameter, string message) : Exception(message)
{
    /// <summary>The kind of refusal.</summary>
    public RefusalReason Reason { get; } = reason;

    /// <summary>The value at fault, by OpenAI's name; empty when none is.</summary>
    public string Parameter { get; } = parameter;
}
