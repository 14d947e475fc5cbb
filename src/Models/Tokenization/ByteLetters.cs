using System.Text;

namespace Minka.Models.Tokenization;

/// <summary>GPT-2's byte alphabet: every byte as a visible letter.</summary>
/// <remarks>33–126, 161–172 and 174–255 stand for themselves; the other 68, in order, are U+0100 and on.</remarks>
internal static class ByteLetters
{
    private static readonly char[] Letters = MakeLetters();
    private static readonly short[] Bytes = MakeBytes();

    /// <summary>The letter of a byte.</summary>
    public static char Of(byte value) => Letters[value];

    /// <summary>The byte of a letter, or -1.</summary>
    public static int ByteOf(char letter) => letter < Bytes.Length ? Bytes[letter] : -1;

    /// <summary>Turns letters back into bytes; false when one is no letter.</summary>
    /// <param name="letters">UTF-8.</param>
    /// <param name="bytes">At least as long as <paramref name="letters"/>.</param>
    /// <param name="written">Bytes written.</param>
    public static bool TryDecode(ReadOnlySpan<byte> letters, Span<byte> bytes, out int written)
    {
        written = 0;
        while (letters.Length > 0)
        {
            if (Rune.DecodeFromUtf8(letters, out var letter, out var consumed) != System.Buffers.OperationStatus.Done
                || letter.Value > char.MaxValue || ByteOf((char)letter.Value) is var value && value < 0)
            {
                return false;
            }
            bytes[written++] = (byte)value;
            letters = letters[consumed..];
        }
        return true;
    }

    /// <summary>The bytes a token stands for: those of its letters, or its own where one is no letter.</summary>
    public static ReadOnlySpan<byte> BytesOf(ReadOnlySpan<byte> token)
    {
        var bytes = new byte[token.Length];
        return TryDecode(token, bytes, out var written) ? bytes.AsSpan(0, written) : token.ToArray();
    }

    private static char[] MakeLetters()
    {
        var letters = new char[256];
        var next = (char)256;
        for (var b = 0; b < 256; b++)
        {
            letters[b] = b is (>= 33 and <= 126) or (>= 161 and <= 172) or (>= 174 and <= 255) ? (char)b : next++;
        }
        return letters;
    }

    private static short[] MakeBytes()
    {
        var bytes = new short[256 + 68];
        Array.Fill(bytes, (short)-1);
        for (var b = 0; b < 256; b++) bytes[Letters[b]] = (short)b;
        return bytes;
    }
}
