using System.Security.Cryptography;

namespace Minka.Collectives.Joining;

/// <summary>
/// The secret that ranks of a cluster share: 32 random bytes, written as <c>minka-key-</c> and 64 digits.
/// </summary>
public sealed class PresharedKey
{
    private const int SecretBytes = 32;
    private const string Prefix = "minka-key-";

    private readonly byte[] _secret;

    private PresharedKey(byte[] secret) => _secret = secret;

    /// <summary>The empty key that ranks on loopback use when none was given.</summary>
    internal static PresharedKey None { get; } = new([]);

    /// <summary>Makes a new one.</summary>
    public static PresharedKey Create() => new(RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary>Reads what <see cref="Reveal"/> wrote; white space around it does not matter.</summary>
    /// <exception cref="FormatException">The text is no key. The message does not repeat it.</exception>
    public static PresharedKey Parse(string text)
    {
        var trimmed = text.AsSpan().Trim();
        if (trimmed.Length != Prefix.Length + (2 * SecretBytes) || !trimmed.StartsWith(Prefix, StringComparison.Ordinal)
            || trimmed[Prefix.Length..].ContainsAnyExcept(_digits))
            throw new FormatException($"The key has {trimmed.Length} characters; a key is '{Prefix}' and "
                + $"{2 * SecretBytes} hexadecimal digits. Make one with 'minka key new'.");
        return new(Convert.FromHexString(trimmed[Prefix.Length..]));
    }

    /// <summary>The key as text, to be written to a file that only its owner reads.</summary>
    public string Reveal() => Prefix + Convert.ToHexStringLower(_secret);

    /// <summary>Never the secret.</summary>
    public override string ToString() => Prefix + "(hidden)";

    /// <summary>HMAC-SHA256 of a message.</summary>
    internal byte[] Sign(ReadOnlySpan<byte> message) => HMACSHA256.HashData(_secret, message);

    private static readonly System.Buffers.SearchValues<char> _digits =
        System.Buffers.SearchValues.Create("0123456789abcdefABCDEF");
}
