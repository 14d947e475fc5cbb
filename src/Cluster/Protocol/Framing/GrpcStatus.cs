namespace Minka.Cluster.Protocol.Framing;

/// <summary>How a call ended, with gRPC's numbers.</summary>
public enum GrpcStatus
{
    /// <summary>Well.</summary>
    Ok = 0,

    /// <summary>The caller gave up.</summary>
    Cancelled = 1,

    /// <summary>Nobody said why.</summary>
    Unknown = 2,

    /// <summary>The request makes no sense, whatever the state.</summary>
    InvalidArgument = 3,

    /// <summary>Time was over.</summary>
    DeadlineExceeded = 4,

    /// <summary>What was asked for is not there.</summary>
    NotFound = 5,

    /// <summary>It is there already.</summary>
    AlreadyExists = 6,

    /// <summary>The caller may not do this.</summary>
    PermissionDenied = 7,

    /// <summary>Too large, too many, no room.</summary>
    ResourceExhausted = 8,

    /// <summary>Not in this state; trying again does not help.</summary>
    FailedPrecondition = 9,

    /// <summary>Another one was faster.</summary>
    Aborted = 10,

    /// <summary>Past the end.</summary>
    OutOfRange = 11,

    /// <summary>No such method, or no such encoding.</summary>
    Unimplemented = 12,

    /// <summary>A fault in the program or the protocol.</summary>
    Internal = 13,

    /// <summary>Not there now; trying again may help.</summary>
    Unavailable = 14,

    /// <summary>Data is gone or damaged.</summary>
    DataLoss = 15,

    /// <summary>The caller did not prove who it is.</summary>
    Unauthenticated = 16,
}

/// <summary>A call ended with another status than <see cref="GrpcStatus.Ok"/>.</summary>
/// <param name="status">Which.</param>
/// <param name="message">For people; travels to the other side.</param>
/// <param name="inner">What it came from.</param>
public sealed class GrpcException(GrpcStatus status, string message, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>How the call ended.</summary>
    public GrpcStatus Status { get; } = status;
}
