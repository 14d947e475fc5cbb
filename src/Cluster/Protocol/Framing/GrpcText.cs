using System.Globalization;
using System.Text;

namespace Minka.Cluster.Protocol.Framing;

/// <summary>The texts of gRPC's headers and trailers.</summary>
internal static class GrpcText
{
    public const string ContentType = "application/grpc";
    public const string StatusTrailer = "grpc-status";
    public const string MessageTrailer = "grpc-message";
    public const string TimeoutHeader = "grpc-timeout";
    public const string EncodingHeader = "grpc-encoding";
    public const string AcceptEncodingHeader = "grpc-accept-encoding";
    public const string Identity = "identity";

    private const int MessageBytesMax = 2048;
    private const long TimeoutMax = 99_999_999; // Eight digits.

    /// <summary><c>application/grpc</c>, with or without <c>+proto</c> and parameters.</summary>
    public static bool IsGrpc(string? contentType) => contentType is not null
        && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == ContentType.Length || contentType[ContentType.Length] is '+' or ';');

    /// <summary>A duration as up to eight digits and a unit: <c>2S</c>, <c>1500m</c>.</summary>
    public static string FormatTimeout(TimeSpan timeout)
    {
        var microseconds = Math.Max(1, (long)timeout.TotalMicroseconds);
        if (microseconds <= TimeoutMax) return string.Create(CultureInfo.InvariantCulture, $"{microseconds}u");
        var milliseconds = microseconds / 1000;
        if (milliseconds <= TimeoutMax) return string.Create(CultureInfo.InvariantCulture, $"{milliseconds}m");
        return string.Create(CultureInfo.InvariantCulture, $"{Math.Min(milliseconds / 1000, TimeoutMax)}S");
    }

    /// <returns>Null if the text is no timeout.</returns>
    public static TimeSpan? ParseTimeout(string text)
    {
        if (text.Length is < 2 or > 9
            || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture,
                out var count)) return null;
        return text[^1] switch
        {
            'H' => TimeSpan.FromHours(count),
            'M' => TimeSpan.FromMinutes(count),
            'S' => TimeSpan.FromSeconds(count),
            'm' => TimeSpan.FromMilliseconds(count),
            'u' => TimeSpan.FromMicroseconds(count),
            'n' => TimeSpan.FromMicroseconds(count / 1000.0),
            _ => null,
        };
    }

    /// <summary>Percent-encodes what HTTP/2 header values cannot hold. Long messages are cut.</summary>
    public static string Encode(string message)
    {
        var utf8 = Encoding.UTF8.GetBytes(message);
        var text = new StringBuilder();
        foreach (var one in utf8.AsSpan(0, Math.Min(utf8.Length, MessageBytesMax)))
        {
            if (one is >= 0x20 and <= 0x7E and not (byte)'%') text.Append((char)one);
            else text.Append(CultureInfo.InvariantCulture, $"%{one:X2}");
        }
        return text.ToString();
    }

    /// <summary>Decodes; what is not valid stays as it is.</summary>
    public static string Decode(string text)
    {
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var count = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length
                && byte.TryParse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture,
                    out var one))
            {
                bytes[count++] = one;
                i += 2;
            }
            else
            {
                count += Encoding.UTF8.GetBytes(text.AsSpan(i, 1), bytes.AsSpan(count));
            }
        }
        return Encoding.UTF8.GetString(bytes, 0, count);
    }
}
