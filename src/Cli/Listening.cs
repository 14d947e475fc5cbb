using System.Net.Sockets;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Connections;

namespace Minka.Cli;

/// <summary>Says why an address cannot be listened on, and what to do.</summary>
internal static partial class Listening
{
    /// <summary>Starts something that listens.</summary>
    /// <param name="address"><c>host:port</c> that was asked for.</param>
    /// <param name="hostOption">What names the host.</param>
    /// <param name="portOption">What names the port.</param>
    /// <param name="start">Starts it.</param>
    /// <exception cref="IOException">The address is taken, or none of this machine's.</exception>
    public static async Task<T> StartAsync<T>(
        string address, string hostOption, string portOption, Func<Task<T>> start)
    {
        try
        {
            return await start();
        }
        catch (Exception fault) when (CodeOf(fault) is { } code)
        {
            // Of several addresses only the platform knows which it was.
            if (Named().Match(fault.Message) is { Success: true } named) address = named.Groups[1].Value;
            var sentence = code switch
            {
                SocketError.AddressAlreadyInUse =>
                    $"{address} is taken; end what listens there, or choose another port with {portOption}.",
                SocketError.AddressNotAvailable =>
                    $"{address} is no address of this machine; {hostOption} takes one of its own.",
                SocketError.AccessDenied =>
                    $"{address} is not for this user to listen on; choose a port above 1023 with {portOption}.",
                _ => $"{address} cannot be listened on: {fault.Message.TrimEnd('.')}.",
            };
            throw new IOException(sentence, fault);
        }
    }

    private static SocketError? CodeOf(Exception fault) => fault switch
    {
        SocketException socket => socket.SocketErrorCode,
        IOException { InnerException: AddressInUseException } => SocketError.AddressAlreadyInUse,
        _ => null,
    };

    [GeneratedRegex("address https?://([^ ]+): ")]
    private static partial Regex Named();
}
