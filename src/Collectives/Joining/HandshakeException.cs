namespace Minka.Collectives.Joining;

/// <summary>A connection is refused; the message says why, for the log and for the other side.</summary>
/// <param name="message">A clause: "the keys differ".</param>
public sealed class HandshakeException(string message) : Exception(message);
