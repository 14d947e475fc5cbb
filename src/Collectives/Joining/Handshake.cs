using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Minka.Collectives.Transports;

namespace Minka.Collectives.Joining;

/// <summary>A connection is refused; the message says why, for the log and for the other side.</summary>
internal sealed class HandshakeException(string message) : Exception(message);

/// <summary>
/// Both sides learn who the other is and that it has the key, before anything else is read:
/// <code>
/// connector                                 acceptor
///     Hello(identity, nonce)     ------->
///                                &lt;-------   Hello(identity, nonce)
///     Proof("connector", both)   ------->                             is it HMAC(key, role | both Hellos)?
///                                &lt;-------   Proof("acceptor", both)   or Refusal(sentence)
/// </code>
/// The proof covers both Hellos with both nonces and names its role, so it can be neither replayed nor sent back. The
/// acceptor shows nothing that the key made before the connector has proved itself. At most 4 KiB are read before that.
/// </summary>
internal static class Handshake
{
    /// <summary>Longest payload before authentication.</summary>
    public const int PayloadMax = 512;

    private const int ProofBytes = 32;
    private static readonly byte[] _label = Encoding.ASCII.GetBytes("minka mesh 1 ");

    /// <summary>The side that connected.</summary>
    /// <returns>Who answered.</returns>
    public static async Task<Hello> ConnectAsync(
        Socket socket, MeshIdentity identity, PresharedKey key, CancellationToken cancellation)
    {
        var mine = Hello.From(identity, HelloRole.Connector);
        var line = new HandshakeLine(socket, identity.Epoch);
        await line.SendAsync(FrameType.Hello, mine.ToBytes(), cancellation);
        var theirs = await ReadHelloAsync(line, HelloRole.Acceptor, mine.Nonce, cancellation);
        var transcript = Transcript(mine, theirs);
        await line.SendAsync(FrameType.Proof, Prove(key, HelloRole.Connector, transcript), cancellation);
        await RequireProofAsync(line, key, HelloRole.Acceptor, transcript, cancellation);
        return theirs;
    }

    /// <summary>The side that listened.</summary>
    /// <param name="socket">Just accepted.</param>
    /// <param name="mine">Who I am for this Hello.</param>
    /// <param name="welcome">Says why a rank that has the key is refused; null to take it.</param>
    /// <param name="key">The shared key.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Who connected.</returns>
    public static async Task<Hello> AcceptAsync(
        Socket socket, Func<Hello, Hello> mine, Func<Hello, Hello, string?> welcome, PresharedKey key,
        CancellationToken cancellation)
    {
        var line = new HandshakeLine(socket, 0);
        var theirs = await ReadHelloAsync(line, HelloRole.Connector, [], cancellation);
        var answer = mine(theirs);
        await line.SendAsync(FrameType.Hello, answer.ToBytes(), cancellation);
        var transcript = Transcript(theirs, answer);
        await RequireProofAsync(line, key, HelloRole.Connector, transcript, cancellation);
        if (welcome(answer, theirs) is { } refusal)
        {
            await line.RefuseAsync(refusal, cancellation);
            throw new HandshakeException(refusal);
        }
        await line.SendAsync(FrameType.Proof, Prove(key, HelloRole.Acceptor, transcript), cancellation);
        return theirs;
    }

    private static async Task<Hello> ReadHelloAsync(
        HandshakeLine line, HelloRole role, byte[] nonce, CancellationToken cancellation)
    {
        var hello = Hello.Read(await line.ReceiveAsync(FrameType.Hello, Hello.Bytes, cancellation));
        var problem = hello.Major != Hello.ProtocolMajor
                ? $"protocol {hello.Major} there, {Hello.ProtocolMajor} here; use the same build on all machines"
            : hello.Role != role ? $"its Hello is of role {(byte)hello.Role}; {(byte)role} is due"
            : nonce.AsSpan().SequenceEqual(hello.Nonce) ? "it sent our own nonce back"
            : null;
        if (problem is null) return hello;
        await line.RefuseAsync(problem, cancellation);
        throw new HandshakeException(problem);
    }

    private static async Task RequireProofAsync(
        HandshakeLine line, PresharedKey key, HelloRole role, byte[] transcript, CancellationToken cancellation)
    {
        var proof = await line.ReceiveAsync(FrameType.Proof, ProofBytes, cancellation);
        if (CryptographicOperations.FixedTimeEquals(proof, Prove(key, role, transcript))) return;
        const string Differ = "the keys differ; give all machines the same key file";
        if (role == HelloRole.Connector) await line.RefuseAsync(Differ, cancellation);
        throw new HandshakeException(Differ);
    }

    private static byte[] Transcript(Hello connector, Hello acceptor) =>
        [.. connector.ToBytes(), .. acceptor.ToBytes()];

    private static byte[] Prove(PresharedKey key, HelloRole role, byte[] transcript) =>
        key.Sign([.. _label, (byte)role, .. transcript]);
}
