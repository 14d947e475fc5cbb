using System.Globalization;

namespace Minka.Plan;

/// <summary><c>host:port</c>, with <c>[host]</c> for IPv6.</summary>
internal static class Address
{
    public static bool IsHostAndPort(string address)
    {
        var colon = address.LastIndexOf(':');
        if (colon <= 0 || address.Length > 300) return false;
        var host = address[..colon];
        var isBracketed = host.StartsWith('[') && host.EndsWith(']');
        return (isBracketed || !host.Contains(':', StringComparison.Ordinal))
            && Uri.CheckHostName(isBracketed ? host[1..^1] : host) != UriHostNameType.Unknown
            && ushort.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port > 0;
    }

    /// <summary>The part before the port.</summary>
    public static string Host(string address) => address[..address.LastIndexOf(':')];
}
