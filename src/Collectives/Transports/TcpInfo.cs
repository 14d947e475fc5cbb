using System.Buffers.Binary;
using System.Net.Sockets;
using Minka.Collectives.Metrics;

namespace Minka.Collectives.Transports;

/// <summary>Linux' <c>struct tcp_info</c>, of which the first fields have not moved since 2.6.</summary>
internal static class TcpInfo
{
    private const int TcpLevel = 6;
    private const int InfoOption = 11;
    private const int RoundTripAt = 68;
    private const int RetransmissionsAt = 100;
    private const int BytesNeeded = 104;

    /// <summary>Null where the system does not tell, or the socket is closed.</summary>
    public static LinkHealth? Read(Socket socket)
    {
        if (!OperatingSystem.IsLinux()) return null;
        Span<byte> info = stackalloc byte[BytesNeeded];
        try
        {
            if (socket.GetRawSocketOption(TcpLevel, InfoOption, info) < BytesNeeded) return null;
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            return null;
        }
        return new(BinaryPrimitives.ReadUInt32LittleEndian(info[RoundTripAt..]),
            BinaryPrimitives.ReadUInt32LittleEndian(info[RetransmissionsAt..]));
    }
}
