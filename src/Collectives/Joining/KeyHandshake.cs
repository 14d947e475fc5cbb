namespace Minka.Collectives.Joining;

/// <summary>
/// The handshake of ranks for connections that are not between ranks: both sides prove that they have the key before
/// anything else is read. What follows on the stream is the caller's.
/// </summary>
public static class KeyHandshake
{
    private const string Control = "minka control 1";

    /// <summary>The side that connected.</summary>
    /// <exception cref="HandshakeException">The other side has another key, or does not speak the protocol.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public static Task ConnectAsync(Stream stream, PresharedKey key, CancellationToken cancellation) =>
        Handshake.ConnectAsync(stream, Control, Expectation.Nobody, key, cancellation);

    /// <summary>The side that listened.</summary>
    /// <exception cref="HandshakeException">The other side has another key, or does not speak the protocol.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public static Task AcceptAsync(Stream stream, PresharedKey key, CancellationToken cancellation) =>
        Handshake.AcceptAsync(stream, Control, Expectation.Nobody, (_, _) => null, key, cancellation);
}
