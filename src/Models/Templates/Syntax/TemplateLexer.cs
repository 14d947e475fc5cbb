using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Syntax;

/// <summary>
/// Cuts a template into text and tags. Whitespace goes as in transformers: a newline after a tag is dropped
/// (<c>trim_blocks</c>), blanks before a tag that stands alone on its line too (<c>lstrip_blocks</c>); <c>-</c> strips
/// everything on its side, <c>+</c> nothing.
/// </summary>
internal sealed class TemplateLexer
{
    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _position;
    private int _line = 1;
    private bool _startsLine = true;

    private TemplateLexer(string source) => _source = source;

    /// <summary>All tokens of a template; the last one is <see cref="TokenKind.End"/>.</summary>
    /// <exception cref="TemplateException">A tag, comment, string or bracket has no end, or a character no meaning.
    /// </exception>
    public static IReadOnlyList<Token> Tokenize(string source)
    {
        var lexer = new TemplateLexer(Normalize(source));
        lexer.Run();
        return lexer._tokens;
    }

    /// <summary>Line ends become <c>\n</c>, and one at the very end goes, as Jinja does.</summary>
    private static string Normalize(string source)
    {
        var text = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        return text.EndsWith('\n') ? text[..^1] : text;
    }

    private void Run()
    {
        while (_position < _source.Length)
        {
            var open = FindOpening();
            if (open < 0)
            {
                EmitText(_source.AsSpan(_position));
                _position = _source.Length;
                break;
            }

            if (_source[open + 1] == '%' && TryReadRaw(open)) continue;
            ReadTextBefore(open, out var inside);
            switch (_source[open + 1])
            {
                case '#': SkipComment(inside); break;
                case '%': ReadTag(inside, TokenKind.TagBegin, TokenKind.TagEnd, "{%"); break;
                default: ReadTag(inside, TokenKind.PrintBegin, TokenKind.PrintEnd, "{{"); break;
            }
        }

        _tokens.Add(new Token(TokenKind.End, "", _line));
    }

    private int FindOpening()
    {
        for (var at = _source.IndexOf('{', _position); at >= 0; at = _source.IndexOf('{', at + 1))
        {
            if (at + 1 < _source.Length && _source[at + 1] is '{' or '%' or '#') return at;
            if (at + 1 >= _source.Length) break;
        }

        return -1;
    }

    /// <summary>Emits the text up to a tag, stripped as the tag says; <paramref name="inside"/> is where it goes on.
    /// </summary>
    private void ReadTextBefore(int open, out int inside)
    {
        var sign = At(open + 2) is '-' or '+' ? _source[open + 2] : '\0';
        inside = open + (sign == '\0' ? 2 : 3);
        EmitStripped(_source.AsSpan(_position, open - _position), sign, _source[open + 1] != '{');
        _startsLine = false;
    }

    private void EmitStripped(ReadOnlySpan<char> text, char sign, bool stripsBlanks)
    {
        var kept = text;
        if (sign == '-')
        {
            kept = Spaces.TrimEnd(text);
        }
        else if (sign != '+' && stripsBlanks)
        {
            var lineStart = text.LastIndexOf('\n') + 1;
            if ((lineStart > 0 || _startsLine) && Spaces.TrimEnd(text[lineStart..]).IsEmpty) kept = text[..lineStart];
        }

        EmitText(kept);
        CountLines(text[kept.Length..]);
    }

    private void EmitText(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty) return;
        _tokens.Add(new Token(TokenKind.Text, text.ToString(), _line));
        CountLines(text);
    }

    private void SkipComment(int inside)
    {
        var end = _source.IndexOf("#}", inside, StringComparison.Ordinal);
        if (end < 0) throw TemplateException.At(_line, "the comment that starts here has no end; write '#}' after it.");
        var sign = end > inside && _source[end - 1] is '-' or '+' ? _source[end - 1] : '\0';
        CountLines(_source.AsSpan(inside, end - inside));
        Close(end + 2, sign, dropsNewline: true);
    }

    private void ReadTag(int inside, TokenKind begin, TokenKind end, string opening)
    {
        var openedOn = _line;
        _tokens.Add(new Token(begin, opening, _line));
        var tag = new TagLexer(_source, inside, _line, _tokens);
        var isPrint = begin == TokenKind.PrintBegin;
        if (!tag.ReadUntil(isPrint ? "}}" : "%}", allowsPlus: !isPrint, out var sign))
            throw TemplateException.At(openedOn, $"the tag '{opening}' that starts here has no end.");

        _line = tag.Line;
        _tokens.Add(new Token(end, isPrint ? "}}" : "%}", _line));
        Close(tag.Position, sign, dropsNewline: !isPrint);
    }

    /// <summary>Goes on after a tag: past all blanks with <c>-</c>, past one newline without a sign.</summary>
    private void Close(int position, char sign, bool dropsNewline)
    {
        var next = position;
        if (sign == '-') next = Spaces.Skip(_source, position);
        else if (sign == '\0' && dropsNewline && At(position) == '\n') next = position + 1;
        CountLines(_source.AsSpan(position, next - position));
        _startsLine = next > position && _source[next - 1] == '\n';
        _position = next;
    }

    /// <summary>Reads <c>{% raw %} … {% endraw %}</c> if it starts at <paramref name="open"/>.</summary>
    private bool TryReadRaw(int open)
    {
        if (!TryReadWord(open, "raw", allowsPlus: false, out _, out var bodyStart, out var closing)) return false;
        ReadTextBefore(open, out var inside);
        CountLines(_source.AsSpan(inside, bodyStart - inside));
        Close(bodyStart, closing, dropsNewline: false);

        var bodyLine = _line;
        for (var at = IndexOfTag(_position); at >= 0; at = IndexOfTag(at + 2))
        {
            if (!TryReadWord(at, "endraw", allowsPlus: true, out var sign, out var after, out closing)) continue;
            EmitStripped(_source.AsSpan(_position, at - _position), sign, stripsBlanks: true);
            CountLines(_source.AsSpan(at, after - at));
            Close(after, closing, dropsNewline: true);
            return true;
        }

        throw TemplateException.At(bodyLine, "the raw block that starts here has no '{% endraw %}'.");
    }

    private int IndexOfTag(int start) =>
        start >= _source.Length ? -1 : _source.IndexOf("{%", start, StringComparison.Ordinal);

    /// <summary>Matches <c>{% word %}</c> at <paramref name="at"/> with any signs.</summary>
    private bool TryReadWord(int at, string word, bool allowsPlus, out char sign, out int after, out char closing)
    {
        sign = At(at + 2) is '-' or '+' ? _source[at + 2] : '\0';
        closing = '\0';
        after = Spaces.Skip(_source, at + (sign == '\0' ? 2 : 3));
        if (string.CompareOrdinal(_source, after, word, 0, word.Length) != 0) return false;
        after = Spaces.Skip(_source, after + word.Length);
        if (At(after) == '-' || (allowsPlus && At(after) == '+')) closing = _source[after++];
        if (At(after) != '%' || At(after + 1) != '}') return false;
        after += 2;
        return true;
    }

    private char At(int index) => index < _source.Length ? _source[index] : '\0';

    private void CountLines(ReadOnlySpan<char> text) => _line += text.Count('\n');
}
