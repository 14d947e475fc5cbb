using Minka.Engine.Constraints.Grammars;

namespace Minka.Engine.Constraints.Sources;

/// <summary>Reads regular expressions of the kind that an automaton can match: no references back, no looking
/// around.</summary>
internal sealed class RegexReader
{
    private const int NestingMax = 64;

    private static readonly CodePoints Digits = CodePoints.Of(('0', '9'));
    private static readonly CodePoints Word = CodePoints.Of(('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z'));
    private static readonly CodePoints Space = CodePoints.Of(' ', '\t', '\n', '\r', '\f', '\v');

    // What ECMA-262 or other readers of expressions take for a space or for the end of a line too. None of it is
    // written for a space, and none for what is not one.
    private static readonly CodePoints AnySpace = Space.Or(CodePoints.Of(
        (0x1C, 0x1F), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x180E, 0x180E), (0x2000, 0x200A),
        (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)));

    private static readonly CodePoints WithinLine =
        CodePoints.All.Except(CodePoints.Of('\n', '\r', '\u0085', '\u2028', '\u2029'));

    private readonly TextCursor _cursor;
    private readonly Func<CodePoints, Expression> _oneOf;
    private int _nesting;

    private RegexReader(string pattern, Func<CodePoints, Expression> oneOf)
    {
        _cursor = new TextCursor(pattern, "regular expression");
        _oneOf = oneOf;
    }

    /// <summary>A rule that matches what the pattern matches as a whole; <c>^</c> and <c>$</c> at its ends say
    /// nothing.</summary>
    public static Rule Read(string pattern) =>
        new("regex") { Body = new RegexReader(pattern, set => new Expression.OneOf(set)).ReadAll(false) };

    /// <summary>What a pattern matches anywhere in a text, with each character written in a certain way.</summary>
    /// <param name="pattern">The pattern; <c>^</c> and <c>$</c> bind it to the ends.</param>
    /// <param name="oneOf">How one character of a set is written.</param>
    public static Expression ReadUnanchored(string pattern, Func<CodePoints, Expression> oneOf) =>
        new RegexReader(pattern, oneOf).ReadAll(true);

    private Expression.Either ReadAll(bool isUnanchored)
    {
        var anything = _oneOf(CodePoints.All).Times(0, Expression.Unbounded);
        List<Expression> alternatives = [];
        do
        {
            var isAtStart = _cursor.TryTake("^");
            var body = ReadRow(out var isAtEnd);
            alternatives.Add(isUnanchored
                ? Expression.Then(isAtStart ? Expression.Empty : anything, body, isAtEnd ? Expression.Empty : anything)
                : body);
        }
        while (_cursor.TryTake("|"));
        if (!_cursor.IsAtEnd) throw _cursor.Error("has a ')' too many");
        return new Expression.Either(alternatives);
    }

    private Expression.Either ReadGroup()
    {
        if (++_nesting > NestingMax) throw _cursor.Error($"nests more than {NestingMax} groups");
        if (_cursor.TryTake("?") && !_cursor.TryTake(":"))
            throw _cursor.Error("has a group that looks around or has a name");
        List<Expression> alternatives = [ReadRow(out _)];
        while (_cursor.TryTake("|")) alternatives.Add(ReadRow(out _));
        _cursor.Expect(")");
        _nesting--;
        return new Expression.Either(alternatives);
    }

    /// <summary>Items up to a bar, a parenthesis or the end; a <c>$</c> may stand last at the outermost
    /// level.</summary>
    private Expression.Row ReadRow(out bool isAtEnd)
    {
        List<Expression> parts = [];
        isAtEnd = false;
        while (!_cursor.IsAtEnd && _cursor.Next is not ('|' or ')'))
        {
            if (_nesting == 0 && _cursor.Next == '$' && _cursor.Second is '\0' or '|')
            {
                _cursor.Take();
                isAtEnd = true;
                break;
            }
            parts.Add(Quantifiers.Apply(_cursor, ReadItem()));
            if (_cursor.Next is '*' or '+' or '?' or '{')
                throw _cursor.Error("has a second repetition after the first");
        }
        return new(parts);
    }

    private Expression ReadItem()
    {
        switch (_cursor.Next)
        {
            case '(': _cursor.Take(); return ReadGroup();
            case '[': return _oneOf(ReadSet());
            case '.': _cursor.Take(); return _oneOf(WithinLine);
            case '\\': return _oneOf(ReadEscape(false));
            case '^' or '$': throw _cursor.Error("has an anchor that is not at its end");
            case '*' or '+' or '?' or '{' or '}': throw _cursor.Error("repeats nothing");
            default:
                var codePoint = _cursor.TakeCodePoint();
                return _oneOf(CodePoints.Of((codePoint, codePoint)));
        }
    }

    private CodePoints ReadSet()
    {
        _cursor.Take();
        var isNegated = _cursor.TryTake("^");
        List<(int, int)> ranges = [];
        while (!_cursor.TryTake("]"))
        {
            var first = ReadSetItem(isNegated);
            if (_cursor.Next == '-' && _cursor.Second != ']')
            {
                _cursor.Take();
                var last = ReadSetItem(isNegated);
                if (Single(first) is not { } from || Single(last) is not { } to || to < from)
                    throw _cursor.Error("has a range without a first and a last character before the one");
                first = CodePoints.Of((from, to));
            }
            ranges.AddRange(first.Ranges);
        }
        var set = CodePoints.Of([.. ranges]);
        if (isNegated) set = CodePoints.All.Except(set);
        return set.IsEmpty ? throw _cursor.Error("has a set of no characters before the one") : set;
    }

    private CodePoints ReadSetItem(bool isNegated)
    {
        if (_cursor.Next == '\\') return ReadEscape(isNegated);
        var codePoint = _cursor.TakeCodePoint();
        return CodePoints.Of((codePoint, codePoint));
    }

    private static int? Single(CodePoints set) =>
        set.Ranges is [var (first, last)] && first == last ? first : null;

    /// <summary>An escape and its set.</summary>
    /// <param name="isNegated">Whether what is not in the set will be written: all that may be in it is, then.</param>
    private CodePoints ReadEscape(bool isNegated)
    {
        _cursor.Take();
        var letter = _cursor.Take();
        return letter switch
        {
            'd' => Digits,
            'D' => CodePoints.All.Except(Digits),
            'w' => Word,
            'W' => CodePoints.All.Except(Word),
            's' => isNegated ? AnySpace : Space,
            'S' => CodePoints.All.Except(isNegated ? Space : AnySpace),
            'n' => CodePoints.Of('\n'),
            'r' => CodePoints.Of('\r'),
            't' => CodePoints.Of('\t'),
            'f' => CodePoints.Of('\f'),
            'v' => CodePoints.Of('\v'),
            'x' => Of(_cursor.TakeHex(2)),
            'u' => Of(_cursor.TakeHex(4)),
            _ when char.IsAsciiLetterOrDigit(letter) =>
                throw _cursor.Error($"has '\\{letter}', which is not supported, before the one"),
            _ => CodePoints.Of(letter),
        };
    }

    private static CodePoints Of(int codePoint) => CodePoints.Of((codePoint, codePoint));
}
