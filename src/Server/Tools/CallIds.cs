using System.Security.Cryptography;
using System.Text;

namespace Minka.Server.Tools;

/// <summary>Ids of calls as a format wants them.</summary>
internal static class CallIds
{
    private const string Letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private const int ShortLength = 9, LongLength = 24;

    /// <summary>A new id.</summary>
    public static string New(ToolFormat format) => format.HasShortIds
        ? RandomNumberGenerator.GetString(Letters, ShortLength)
        : "call_" + RandomNumberGenerator.GetString(Letters, LongLength);

    /// <summary>An id in a conversation as the format's template takes it: the same id gives the same one.</summary>
    public static string ForTemplate(ToolFormat format, string id)
    {
        if (!format.HasShortIds || (id.Length == ShortLength && id.All(char.IsAsciiLetterOrDigit))) return id;
        return Spell(SHA256.HashData(Encoding.UTF8.GetBytes(id)));
    }

    private static string Spell(ReadOnlySpan<byte> bytes)
    {
        Span<char> letters = stackalloc char[ShortLength];
        for (var i = 0; i < letters.Length; i++) letters[i] = Letters[bytes[i] % Letters.Length];
        return new string(letters);
    }
}
