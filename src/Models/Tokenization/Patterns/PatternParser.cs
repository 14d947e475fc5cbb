using System.Globalization;
using System.Text;

namespace Minka.Models.Tokenization.Patterns;

/// <summary>Reads a regular expression in Oniguruma's Ruby syntax, without captures that are used again.</summary>
/// <remarks>
/// Tokenizer files bring their own patterns, so nothing here trusts them: nesting, counts and size are bounded, and
/// what is not understood is refused by name.
/// </remarks>
internal sealed class PatternParser
{
    private const int DepthMax = 40;
    private const int CountMax = 1_000;

    private readonly string _source;
    private readonly int[] _pattern;
    private int _at;
    private int _depth;
    private bool _ignoreCase;
    private bool _dotIsAny;

    private PatternParser(string source)
    {
        _source = source;
        _pattern = [.. source.EnumerateRunes().Select(rune => rune.Value)];
    }

    /// <summary>Parses a whole pattern.</summary>
    /// <exception cref="ModelFormatException">It is malformed or uses what is not supported.</exception>
    public static PatternNode Parse(string source)
    {
        var parser = new PatternParser(source);
        var node = parser.ParseChoice();
        return parser._at == parser._pattern.Length ? node : throw parser.Refuse("a ')' that closes nothing");
    }

    private bool AtEnd => _at >= _pattern.Length;

    private int Peek(int ahead = 0) => _at + ahead < _pattern.Length ? _pattern[_at + ahead] : -1;

    private int Take() => AtEnd ? throw Refuse("a sudden end") : _pattern[_at++];

    private bool TryTake(string expected)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            if (Peek(i) != expected[i]) return false;
        }
        _at += expected.Length;
        return true;
    }

    private void Expect(char expected)
    {
        if (Take() != expected) throw Refuse($"no '{expected}' where one is needed");
    }

    private PatternNode ParseChoice()
    {
        if (++_depth > DepthMax) throw Refuse($"groups nested deeper than {DepthMax}");
        var (ignoreCase, dotIsAny) = (_ignoreCase, _dotIsAny);
        var options = new List<PatternNode> { ParseSequence() };
        while (TryTake("|")) options.Add(ParseSequence());
        (_ignoreCase, _dotIsAny) = (ignoreCase, dotIsAny);
        _depth--;
        return options.Count == 1 ? options[0] : new PatternNode.Choice(options);
    }

    private PatternNode ParseSequence()
    {
        var parts = new List<PatternNode>();
        while (!AtEnd && Peek() is not ('|' or ')')) parts.Add(ParseRepeat());
        return parts.Count == 1 ? parts[0] : new PatternNode.Sequence(parts);
    }

    private PatternNode ParseRepeat()
    {
        var node = ParseAtom();
        while (TryTakeCount(out var min, out var max, out var isBraced))
        {
            if (max == int.MaxValue && node.MinWidth == 0) throw Refuse("an endless repetition of what may be empty");
            var mood = TryTake("?") ? RepeatMood.Lazy
                : !isBraced && TryTake("+") ? RepeatMood.Possessive
                : RepeatMood.Greedy;
            node = new PatternNode.Repeat(node, min, max, mood);
        }
        return node;
    }

    private bool TryTakeCount(out int min, out int max, out bool isBraced)
    {
        (min, max, isBraced) = (0, int.MaxValue, false);
        if (TryTake("*")) return true;
        if (TryTake("?"))
        {
            max = 1;
            return true;
        }
        if (TryTake("+"))
        {
            min = 1;
            return true;
        }
        isBraced = true;
        return Peek() == '{' && TryTakeBraces(out min, out max);
    }

    // A brace that is no count stands for itself.
    private bool TryTakeBraces(out int min, out int max)
    {
        var start = _at++;
        (min, max) = (0, int.MaxValue);
        var hasMin = TryTakeNumber(out min);
        var hasComma = TryTake(",");
        var hasMax = hasComma && TryTakeNumber(out max);
        if (!hasMax) max = hasComma ? int.MaxValue : min;
        if ((hasMin || hasMax) && TryTake("}"))
        {
            if (max < min) throw Refuse($"a count from {min} down to {max}");
            return true;
        }
        _at = start;
        return false;
    }

    private bool TryTakeNumber(out int number)
    {
        var start = _at;
        number = 0;
        while (Peek() is >= '0' and <= '9')
        {
            number = number * 10 + Take() - '0';
            if (number > CountMax) throw Refuse($"a count above {CountMax}");
        }
        return _at > start;
    }

    private PatternNode ParseAtom()
    {
        var c = Take();
        switch (c)
        {
            case '(': return ParseGroup();
            case '[': return new PatternNode.One(new CharSetParser(this).Parse());
            case '.': return new PatternNode.One(_dotIsAny ? CharSets.Any : CharSets.NotLineFeed);
            case '^': return new PatternNode.Anchor(AnchorKind.LineStart);
            case '$': return new PatternNode.Anchor(AnchorKind.LineEnd);
            case '*' or '+' or '?': throw Refuse($"'{(char)c}' with nothing to repeat");
            case '\\' when ParseAnchor() is { } anchor: return anchor;
            case '\\': return new PatternNode.One(ParseEscape(out var literal) ?? CharSet.Single(literal, _ignoreCase));
            default: return new PatternNode.One(CharSet.Single(c, _ignoreCase));
        }
    }

    private PatternNode.Anchor? ParseAnchor()
    {
        AnchorKind? kind = Peek() switch
        {
            'A' => AnchorKind.TextStart,
            'z' => AnchorKind.TextEnd,
            'Z' => AnchorKind.TextEndOrLastLine,
            'b' => AnchorKind.WordEdge,
            'B' => AnchorKind.NoWordEdge,
            _ => null,
        };
        if (kind is null) return null;
        _at++;
        return new PatternNode.Anchor(kind.Value);
    }

    private PatternNode ParseGroup()
    {
        Func<PatternNode, PatternNode> wrap = node => node;
        if (TryTake("?=")) wrap = node => new PatternNode.Look(node, IsBehind: false, IsNegative: false);
        else if (TryTake("?!")) wrap = node => new PatternNode.Look(node, IsBehind: false, IsNegative: true);
        else if (TryTake("?<=")) wrap = node => Behind(node, isNegative: false);
        else if (TryTake("?<!")) wrap = node => Behind(node, isNegative: true);
        else if (TryTake("?>")) wrap = node => new PatternNode.Atomic(node);
        else if (TryTake("?<")) SkipGroupName();
        else if (TryTake("?") && !TryTake(":")) return ParseOptionGroup();
        var body = ParseChoice();
        Expect(')');
        return wrap(body);
    }

    private PatternNode.Look Behind(PatternNode body, bool isNegative) =>
        body.FixedWidth is null
            ? throw Refuse("a look behind of varying width")
            : new PatternNode.Look(body, IsBehind: true, isNegative);

    private void SkipGroupName()
    {
        while (Take() is var c && c != '>')
        {
            if (!CharSets.Word.Contains(c)) throw Refuse("a group name with other than letters and digits");
        }
    }

    // (?i:…) holds for the group, (?i) for the rest of the group around it.
    private PatternNode ParseOptionGroup()
    {
        var (ignoreCase, dotIsAny) = (_ignoreCase, _dotIsAny);
        var on = true;
        while (Peek() is 'i' or 'm' or '-')
        {
            var option = Take();
            if (option == '-') on = false;
            else if (option == 'i') _ignoreCase = on;
            else _dotIsAny = on;
        }
        if (TryTake(")"))
        {
            var rest = ParseChoice();
            (_ignoreCase, _dotIsAny) = (ignoreCase, dotIsAny);
            return rest;
        }
        Expect(':');
        var body = ParseChoice();
        Expect(')');
        (_ignoreCase, _dotIsAny) = (ignoreCase, dotIsAny);
        return body;
    }

    /// <summary>Reads what follows a backslash: a set, or null and a code point.</summary>
    private CharSet? ParseEscape(out int literal)
    {
        var c = Take();
        literal = c switch
        {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'f' => '\f',
            'v' => '\v',
            'a' => '\a',
            'e' => '\e',
            _ => c,
        };
        if (literal != c) return null;
        switch (c)
        {
            case 'd': return CharSets.Digit;
            case 'D': return CharSets.Digit.Complement();
            case 'w': return CharSets.Word;
            case 'W': return CharSets.Word.Complement();
            case 's': return CharSets.Space;
            case 'S': return CharSets.Space.Complement();
            case 'h': return CharSets.HexDigit;
            case 'H': return CharSets.HexDigit.Complement();
            case 'p': return ParseProperty(negated: false);
            case 'P': return ParseProperty(negated: true);
            case 'x' or 'u':
                literal = ParseHex(c == 'x' ? 2 : 4);
                return null;
            case (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9'):
                throw Refuse($"'\\{(char)c}', which is not supported");
            default: return null;
        }
    }

    private CharSet ParseProperty(bool negated)
    {
        Expect('{');
        if (TryTake("^")) negated = !negated;
        var name = new StringBuilder();
        while (Take() is var c && c != '}')
        {
            if (name.Length >= 32) throw Refuse("a character property without an end");
            name.Append(new Rune(c));
        }
        var set = CharSets.Find(name.ToString())
            ?? throw Refuse($"the character property '{name}', which is not supported");
        return negated ? set.Complement() : set;
    }

    private int ParseHex(int digitsMax)
    {
        var isBraced = TryTake("{");
        var digits = new StringBuilder();
        while (digits.Length < (isBraced ? 8 : digitsMax) && Peek() is var c and >= 0 && char.IsAsciiHexDigit((char)c))
        {
            digits.Append((char)Take());
        }
        if (isBraced) Expect('}');
        return int.TryParse(digits.ToString(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value)
            && Rune.IsValid(value) ? value : throw Refuse("a hexadecimal code that names no character");
    }

    private ModelFormatException Refuse(string what) =>
        new($"The tokenizer's pattern '{Shorten(_source)}' has {what} at place {_at}; no text can be split with it.");

    /// <summary>A pattern in a message: not all of a long one.</summary>
    internal static string Shorten(string source) => source.Length <= 60 ? source : source[..57] + "...";

    /// <summary>Reads a set in brackets, for a pattern parser that stands behind the '['.</summary>
    private readonly struct CharSetParser(PatternParser on)
    {
        public CharSet Parse()
        {
            if (++on._depth > DepthMax) throw on.Refuse($"sets nested deeper than {DepthMax}");
            var negated = on.TryTake("^");
            var first = new CharSet.Builder();
            var current = first;
            var operands = new List<CharSet>();
            var isFirst = true;
            while (!on.TryTake("]") || isFirst)
            {
                if (on.TryTake("&&"))
                {
                    if (current != first) operands.Add(current.Build(negated: false, on._ignoreCase));
                    current = new CharSet.Builder();
                }
                else if (isFirst && on._at > 0 && on._pattern[on._at - 1] == ']') current.Ranges.Add((']', ']'));
                else ParseItem(current);
                isFirst = false;
            }
            on._depth--;
            if (current == first) return first.Build(negated, on._ignoreCase);

            operands.Add(current.Build(negated: false, on._ignoreCase));
            first.AlsoIn.AddRange(operands);
            var both = first.Build(negated: false, on._ignoreCase);
            return negated ? both.Complement() : both;
        }

        private void ParseItem(CharSet.Builder into)
        {
            if (on.Peek() == '[' && on.Peek(1) == ':') throw on.Refuse("a '[:name:]' set, which is not supported");
            if (on.TryTake("["))
            {
                into.Members.Add(Parse());
                return;
            }
            if (ParseOne(out var low) is { } set)
            {
                into.Members.Add(set);
                return;
            }
            var high = low;
            if (on.Peek() == '-' && on.Peek(1) is not (']' or -1))
            {
                on._at++;
                if (ParseOne(out high) is not null) throw on.Refuse("a set as the end of a range");
                if (high < low) throw on.Refuse("a range that ends before it begins");
            }
            into.Ranges.Add((low, high));
        }

        private CharSet? ParseOne(out int literal)
        {
            literal = on.Take();
            if (literal != '\\') return null;
            if (on.Peek() != 'b') return on.ParseEscape(out literal);
            on._at++;
            literal = '\b';
            return null;
        }
    }
}
