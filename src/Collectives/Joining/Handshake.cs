using System.Security.Cryptography;
using System.Text;
using Minka.Collectives.Transports;

namespace Minka.Collectives.Joining;

/// <summary>
/// Both sides learn who the other is and that it has the key, before anything else is read:
/// <code>
/// connector                                 acceptor
///     Hello(identity, nonce)     ------->
///                                &lt;-------   Hello(identity, nonce)
///     Proof(connector, both)     ------->                             is it HMAC(key, role | both Hellos)?
///                                &lt;-------   Proof(acceptor, both)     or Refusal(sentence)
/// </code>
/// The proof covers both Hellos with both nonces and names its role, so it can be neither replayed nor sent back. The
/// acceptor shows nothing that the key made before the connector has proved itself. At most 4 KiB are read before that.
/// </summary>
internal static class Handshake
{
    /// <summary>Longest payload before authentication.</summary>
    public const int PayloadMax = 512;

    private const int ProofBytes = 32;

    /// <summary>What a connection between ranks is for.</summary>
    public const string Mesh = "minka mesh 2";

    /// <summary>The side that connected.</summary>
    /// <param name="stream">Just connected.</param>
    /// <param name="purpose">What the connection is for; a proof for one purpose is none for another.</param>
    /// <param name="identity">Who I am.</param>
    /// <param name="key">The shared key.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Who answered.</returns>
    public static async Task<Hello> ConnectAsync(
        Stream stream, string purpose, MeshIdentity identity, PresharedKey key, CancellationToken cancellation)
    {
        var mine = Hello.From(identity, HelloRole.Connector);
        var line = new HandshakeLine(stream, identity.Epoch);
        await line.SendAsync(FrameType.Hello, mine.ToBytes(), cancellation);
        var theirs = await ReadHelloAsync(line, HelloRole.Acceptor, mine.Nonce, cancellation);
        var transcript = Transcript(mine, theirs);
        await line.SendAsync(FrameType.Proof, Prove(key, purpose, HelloRole.Connector, transcript), cancellation);
        await RequireProofAsync(line, key, purpose, HelloRole.Acceptor, transcript, cancellation);
        return theirs;
    }

    /// <summary>The side that listened.</summary>
    /// <param name="stream">Just accepted.</param>
    /// <param name="purpose">What the connection is for.</param>
    /// <param name="mine">Who I am.</param>
    /// <param name="welcome">Says why a rank that has the key is refused; null to take it.</param>
    /// <param name="key">The shared key.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Who connected.</returns>
    public static async Task<Hello> AcceptAsync(
        Stream stream, string purpose, MeshIdentity mine, Func<Hello, Hello, string?> welcome, PresharedKey key,
        CancellationToken cancellation)
    {
        var line = new HandshakeLine(stream, 0);
        var theirs = await ReadHelloAsync(line, HelloRole.Connector, [], cancellation);
        var answer = Hello.From(mine, HelloRole.Acceptor);
        await line.SendAsync(FrameType.Hello, answer.ToBytes(), cancellation);
        var transcript = Transcript(theirs, answer);
        await RequireProofAsync(line, key, purpose, HelloRole.Connector, transcript, cancellation);
        if (welcome(answer, theirs) is { } refusal)
        {
            await line.RefuseAsync(refusal, cancellation);
            throw new HandshakeException(refusal);
        }
        await line.SendAsync(FrameType.Proof, Prove(key, purpose, HelloRole.Acceptor, transcript), cancellation);
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
        HandshakeLine line, PresharedKey key, string purpose, HelloRole role, byte[] transcript,
        CancellationToken cancellation)
    {
        var proof = await line.ReceiveAsync(FrameType.Proof, ProofBytes, cancellation);
        if (CryptographicOperations.FixedTimeEquals(proof, Prove(key, purpose, role, transcript))) return;
        const string Differ = "the keys differ; give all machines the same key file";
        if (role == HelloRole.Connector) await line.RefuseAsync(Differ, cancellation);
        throw new HandshakeException(Differ);
    }

    private static byte[] Transcript(Hello connector, Hello acceptor) =>
        [.. connector.ToBytes(), .. acceptor.ToBytes()];

    private static byte[] Prove(PresharedKey key, string purpose, HelloRole role, byte[] transcript) =>
        key.Sign([.. Encoding.ASCII.GetBytes(purpose), (byte)role, .. transcript]);
}
