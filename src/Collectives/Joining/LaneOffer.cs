using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Minka.Collectives.Transports;

namespace Minka.Collectives.Joining;

/// <summary>After their handshake two ranks find out whether they can share memory.</summary>
/// <remarks>
/// The one that connected makes the memory and sends its name; the other answers with the nonce that it finds there.
/// Zeros mean no: another machine, another view of its files, or somebody who does not want to.
/// </remarks>
internal static class LaneOffer
{
    /// <summary>Both sides call it; they come to the same end.</summary>
    /// <param name="socket">After the handshake; nothing else is sent meanwhile.</param>
    /// <param name="offers">Whether this side connected.</param>
    /// <param name="isWanted">Whether this side wants to.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The memory, or null.</returns>
    /// <exception cref="HandshakeException">The other side does not speak the protocol.</exception>
    /// <exception cref="IOException">The other side is gone.</exception>
    public static async Task<SharedLane?> AgreeAsync(
        Socket socket, bool offers, bool isWanted, CancellationToken cancellation)
    {
        using var stream = new PolledStream(socket);
        var line = new HandshakeLine(stream, 0);
        isWanted &= IsHere(socket.RemoteEndPoint) && IsHere(socket.LocalEndPoint);
        return offers
            ? await OfferAsync(line, isWanted, cancellation)
            : await AnswerAsync(line, isWanted, cancellation);
    }

    private static async Task<SharedLane?> OfferAsync(
        HandshakeLine line, bool isWanted, CancellationToken cancellation)
    {
        var lane = isWanted ? SharedLane.TryCreate() : null;
        var isFound = false;
        try
        {
            await line.SendAsync(FrameType.Lane, lane?.Name ?? new byte[SharedLane.NameBytes], cancellation);
            var answer = await line.ReceiveAsync(FrameType.Lane, SharedLane.NonceBytes, cancellation);
            isFound = lane is not null && CryptographicOperations.FixedTimeEquals(answer, lane.Nonce);
            return isFound ? lane : null;
        }
        finally
        {
            lane?.Unlink();
            if (!isFound) lane?.Dispose();
        }
    }

    private static async Task<SharedLane?> AnswerAsync(
        HandshakeLine line, bool isWanted, CancellationToken cancellation)
    {
        var name = await line.ReceiveAsync(FrameType.Lane, SharedLane.NameBytes, cancellation);
        var lane = isWanted && name.AsSpan().ContainsAnyExcept((byte)0) ? SharedLane.TryOpen(name) : null;
        await line.SendAsync(FrameType.Lane, lane?.Nonce ?? new byte[SharedLane.NonceBytes], cancellation);
        return lane;
    }

    private static bool IsHere(EndPoint? end) => end is IPEndPoint { Address: var address }
        && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
}
