using System.Globalization;
using System.Numerics;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Syntax;

/// <summary>Cuts the inside of one tag into names, numbers, strings and operators.</summary>
internal sealed class TagLexer(string source, int position, int line, List<Token> tokens)
{
    private const int DigitsMax = 308;

    private static readonly string[] _longOperators = ["//", "**", "==", "!=", ">=", "<="];

    private readonly Stack<char> _brackets = new();

    /// <summary>Where it stands: after the tag once it has been read.</summary>
    public int Position { get; private set; } = position;

    /// <summary>The line it stands on.</summary>
    public int Line { get; private set; } = line;

    /// <summary>Reads to the end of the tag; false when the template ends before.</summary>
    /// <param name="end">The two characters that end it.</param>
    /// <param name="allowsPlus">Whether a <c>+</c> may stand before them.</param>
    /// <param name="sign">The sign before the end, or NUL.</param>
    public bool ReadUntil(string end, bool allowsPlus, out char sign)
    {
        while (Position < source.Length)
        {
            if (_brackets.Count == 0 && TryEnd(end, allowsPlus, out sign)) return true;
            var next = source[Position];
            if (Spaces.IsSpace(next)) SkipSpaces();
            else if (char.IsAsciiDigit(next)) ReadNumber();
            else if (IsWordPart(next)) ReadName();
            else if (next is '\'' or '"') ReadString(next);
            else ReadOperator();
        }

        sign = '\0';
        return false;
    }

    private bool TryEnd(string end, bool allowsPlus, out char sign)
    {
        sign = source[Position] == '-' || (allowsPlus && source[Position] == '+') ? source[Position] : '\0';
        var at = sign == '\0' ? Position : Position + 1;
        if (string.CompareOrdinal(source, at, end, 0, 2) != 0)
        {
            sign = '\0';
            return false;
        }

        Position = at + 2;
        return true;
    }

    private void SkipSpaces()
    {
        var end = Spaces.Skip(source, Position);
        Line += source.AsSpan(Position, end - Position).Count('\n');
        Position = end;
    }

    private static bool IsWordPart(char c) => c == '_' || char.IsLetterOrDigit(c);

    private void ReadName()
    {
        var end = Position + 1;
        while (end < source.Length && IsWordPart(source[end])) end++;
        if (char.IsDigit(source[Position]))
            throw TemplateException.At(Line, $"a name cannot start with the digit '{source[Position]}'.");
        tokens.Add(new Token(TokenKind.Name, source[Position..end], Line));
        Position = end;
    }

    private void ReadString(char quote)
    {
        var end = Position + 1;
        while (end < source.Length && source[end] != quote) end += source[end] == '\\' ? 2 : 1;
        if (end >= source.Length)
            throw TemplateException.At(Line, $"the string that starts here has no closing {quote}.");

        var raw = source.AsSpan(Position + 1, end - Position - 1);
        tokens.Add(new Token(TokenKind.String, StringLiteral.Unescape(raw, Line), Line));
        Line += raw.Count('\n');
        Position = end + 1;
    }

    private void ReadOperator()
    {
        var symbol = _longOperators.FirstOrDefault(o => string.CompareOrdinal(source, Position, o, 0, 2) == 0)
            ?? source[Position].ToString();
        if (symbol.Length == 1 && !"+-/*%~[](){}><=.:|,;".Contains(symbol[0]))
            throw TemplateException.At(Line, $"the character '{symbol}' has no meaning inside a tag.");

        Balance(symbol[0]);
        tokens.Add(new Token(TokenKind.Operator, symbol, Line));
        Position += symbol.Length;
    }

    /// <summary>While a bracket is open, <c>}}</c> and <c>%}</c> do not end the tag.</summary>
    private void Balance(char symbol)
    {
        if (symbol is '(' or '[' or '{')
        {
            _brackets.Push(symbol switch { '(' => ')', '[' => ']', _ => '}' });
        }
        else if (symbol is ')' or ']' or '}')
        {
            if (!_brackets.TryPop(out var expected))
                throw TemplateException.At(Line, $"'{symbol}' closes a bracket that was never opened.");
            if (expected != symbol)
                throw TemplateException.At(Line, $"'{symbol}' stands where '{expected}' must close the bracket.");
        }
    }

    private void ReadNumber()
    {
        var start = Position;
        var end = SkipDigits(start);
        if (start == 0 || source[start - 1] != '.')
        {
            var floatEnd = FindFloatEnd(end);
            if (floatEnd > end)
            {
                AddFloat(start, floatEnd);
                return;
            }
        }

        AddInteger(start);
    }

    /// <summary>The end of the digits at <paramref name="at"/>, with single underscores between them.</summary>
    private int SkipDigits(int at)
    {
        while (IsDigitAt(at) || (CharAt(at) == '_' && IsDigitAt(at + 1))) at++;
        return at;
    }

    private int FindFloatEnd(int wholeEnd)
    {
        var end = CharAt(wholeEnd) == '.' && IsDigitAt(wholeEnd + 1) ? SkipDigits(wholeEnd + 1) : wholeEnd;
        if (CharAt(end) is not ('e' or 'E')) return end;
        var digits = CharAt(end + 1) is '+' or '-' ? end + 2 : end + 1;
        return IsDigitAt(digits) ? SkipDigits(digits) : end;
    }

    private void AddFloat(int start, int end)
    {
        var text = source[start..end];
        var value = double.Parse(text.Replace("_", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        tokens.Add(new Token(TokenKind.Float, text, Line, Float: value));
        Position = end;
    }

    private void AddInteger(int start)
    {
        var radix = CharAt(start) == '0' ? char.ToLowerInvariant(CharAt(start + 1)) : '\0';
        var bits = radix switch { 'x' => 4, 'o' => 3, 'b' => 1, _ => 0 };
        if (bits > 0 && TryAddPrefixed(start, bits)) return;

        var end = source[start] == '0' ? SkipGroup(start, c => c == '0') : SkipDigits(start);
        Add(start, end, digits => BigInteger.Parse(digits, CultureInfo.InvariantCulture));
    }

    private bool TryAddPrefixed(int start, int bits)
    {
        var end = SkipGroup(start + 2, c => char.IsAsciiHexDigit(c) && Convert.ToInt32(c.ToString(), 16) >> bits == 0);
        if (end == start + 2) return false;
        Add(start, end, digits => digits[2..].Aggregate(
            BigInteger.Zero, (value, digit) => (value << bits) + Convert.ToInt32(digit.ToString(), 16)));
        return true;
    }

    private int SkipGroup(int at, Func<char, bool> isPart)
    {
        while (isPart(CharAt(at)) || (CharAt(at) == '_' && isPart(CharAt(at + 1)))) at++;
        return at;
    }

    private void Add(int start, int end, Func<string, BigInteger> parse)
    {
        if (end - start > DigitsMax)
            throw TemplateException.At(Line, $"a number has {end - start} digits; {DigitsMax} is the limit.");
        var text = source[start..end];
        var value = parse(text.Replace("_", "", StringComparison.Ordinal));
        tokens.Add(new Token(TokenKind.Integer, text, Line, Integer: value));
        Position = end;
    }

    private bool IsDigitAt(int index) => char.IsAsciiDigit(CharAt(index));

    private char CharAt(int index) => index < source.Length ? source[index] : '\0';
}
