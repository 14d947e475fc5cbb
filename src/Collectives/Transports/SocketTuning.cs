using System.Net.Sockets;

namespace Minka.Collectives.Transports;

/// <summary>Socket options for small messages that others wait for.</summary>
internal static class SocketTuning
{
    // Numbers of Linux' <netinet/tcp.h>.
    private const int Tcp = 6;
    private const int UserTimeout = 18;

    /// <summary>Longest time that sent bytes may stay unacknowledged before the kernel gives the link up.</summary>
    private const int UserTimeoutMilliseconds = 10_000;

    public static void ForCollectives(Socket socket)
    {
        socket.NoDelay = true;
        socket.Blocking = false;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        if (OperatingSystem.IsLinux())
            socket.SetRawSocketOption(Tcp, UserTimeout, BitConverter.GetBytes(UserTimeoutMilliseconds));
    }
}
