using System.Globalization;
using System.Text;
using Minka.Engine.Constraints.Grammars;

namespace Minka.Engine.Constraints.Sources;

/// <summary>Reads a source character by character, by code points.</summary>
/// <param name="text">The source.</param>
/// <param name="what">What it is, for messages.</param>
internal sealed class TextCursor(string text, string what)
{
    public int Position { get; private set; }

    public bool IsAtEnd => Position >= text.Length;

    /// <summary>The next character; a zero at the end.</summary>
    public char Next => IsAtEnd ? '\0' : text[Position];

    /// <summary>The character after the next; a zero past the end.</summary>
    public char Second => Position + 1 < text.Length ? text[Position + 1] : '\0';

    public char Take()
    {
        if (IsAtEnd) throw Error("ends too early");
        return text[Position++];
    }

    public bool TryTake(string expected)
    {
        if (string.CompareOrdinal(text, Position, expected, 0, expected.Length) != 0) return false;
        Position += expected.Length;
        return true;
    }

    public void Expect(string expected)
    {
        if (!TryTake(expected)) throw Error($"needs '{expected}'");
    }

    public int TakeCodePoint()
    {
        if (IsAtEnd) throw Error("ends too early");
        if (Rune.DecodeFromUtf16(text.AsSpan(Position), out var rune, out var length)
            != System.Buffers.OperationStatus.Done) throw Error("holds half a surrogate pair");
        Position += length;
        return rune.Value;
    }

    public string TakeWhile(Func<char, bool> belongs)
    {
        var start = Position;
        while (!IsAtEnd && belongs(text[Position])) Position++;
        return text[start..Position];
    }

    /// <summary>Hexadecimal digits, exactly so many.</summary>
    public int TakeHex(int digits)
    {
        var end = Position + digits;
        if (end > text.Length || !int.TryParse(
            text.AsSpan(Position, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            throw Error($"needs {digits} hexadecimal digits");
        Position = end;
        if (value is < 0 or > 0x10FFFF or >= 0xD800 and <= 0xDFFF)
            throw Error($"names U+{value:X}, which is no character");
        return value;
    }

    /// <summary>A number of repetitions.</summary>
    public int TakeCount()
    {
        const int countMax = 1024;
        var digits = TakeWhile(char.IsAsciiDigit);
        if (digits.Length == 0) throw Error("needs a number of repetitions");
        if (digits.Length > 6 || int.Parse(digits, CultureInfo.InvariantCulture) is var count && count > countMax)
            throw Error($"asks for {digits} repetitions; {countMax} are allowed");
        return count;
    }

    /// <summary>What is wrong, and where.</summary>
    public GrammarException Error(string problem) =>
        new($"The {what} {problem} at character {Position + 1}{(IsAtEnd ? ", its end" : $" ('{text[Position]}')")}.");
}
