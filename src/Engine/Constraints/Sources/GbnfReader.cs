using Minka.Engine.Constraints.Grammars;

namespace Minka.Engine.Constraints.Sources;

/// <summary>Reads GBNF, the grammar notation of llama.cpp.</summary>
internal sealed class GbnfReader
{
    private const int NestingMax = 64;

    private readonly TextCursor _cursor;
    private readonly Dictionary<string, Rule> _rules = [];
    private readonly HashSet<string> _defined = [];
    private int _nesting;

    private GbnfReader(string source) => _cursor = new TextCursor(source, "grammar");

    /// <summary>The rule <c>root</c> of a grammar.</summary>
    public static Rule Read(string source)
    {
        var reader = new GbnfReader(source);
        reader.SkipSpace(true);
        while (!reader._cursor.IsAtEnd) reader.ReadRule();
        if (!reader._defined.Contains("root"))
            throw new GrammarException("The grammar has no rule 'root'; it starts there.");
        foreach (var name in reader._rules.Keys)
            if (!reader._defined.Contains(name))
                throw new GrammarException($"The grammar uses rule '{name}' but does not define it.");
        return reader._rules["root"];
    }

    private void ReadRule()
    {
        var name = ReadName();
        SkipSpace(false);
        _cursor.Expect("::=");
        if (!_defined.Add(name)) throw _cursor.Error($"defines rule '{name}' twice");
        SkipSpace(true);
        RuleOf(name).Body = ReadAlternatives(false);
        if (!_cursor.IsAtEnd && _cursor.Next is not ('\n' or '\r')) throw _cursor.Error("needs the end of the line");
        SkipSpace(true);
    }

    private Expression ReadAlternatives(bool isNested)
    {
        if (++_nesting > NestingMax) throw _cursor.Error($"nests more than {NestingMax} parentheses");
        List<Expression> alternatives = [ReadRow(isNested)];
        while (_cursor.TryTake("|"))
        {
            // A rule goes on over lines after a bar.
            SkipSpace(true);
            alternatives.Add(ReadRow(isNested));
        }
        _nesting--;
        return alternatives.Count == 1 ? alternatives[0] : new Expression.Either(alternatives);
    }

    private Expression.Row ReadRow(bool isNested)
    {
        List<Expression> parts = [];
        for (SkipSpace(isNested); TryReadItem(out var item); SkipSpace(isNested))
            parts.Add(Quantifiers.Apply(_cursor, item));
        return new(parts);
    }

    private bool TryReadItem(out Expression item)
    {
        switch (_cursor.Next)
        {
            case '"':
                item = ReadLiteral();
                return true;
            case '[':
                item = ReadSet();
                return true;
            case '.':
                _cursor.Take();
                item = new Expression.OneOf(CodePoints.All);
                return true;
            case '(':
                _cursor.Take();
                item = ReadAlternatives(true);
                _cursor.Expect(")");
                return true;
            case var letter when IsNameCharacter(letter):
                item = RuleOf(ReadName()).Call();
                return true;
            default:
                item = Expression.Empty;
                return false;
        }
    }

    private Expression ReadLiteral()
    {
        _cursor.Take();
        var text = new System.Text.StringBuilder();
        while (!_cursor.TryTake("\"")) text.Append(new System.Text.Rune(ReadCharacter()).ToString());
        return Expression.Text(text.ToString());
    }

    private Expression.OneOf ReadSet()
    {
        _cursor.Take();
        var isNegated = _cursor.TryTake("^");
        List<(int, int)> ranges = [];
        while (!_cursor.TryTake("]"))
        {
            var first = ReadCharacter();
            var last = first;
            if (_cursor.Next == '-' && _cursor.Second != ']')
            {
                _cursor.Take();
                last = ReadCharacter();
            }
            if (last < first) throw _cursor.Error($"has a range from U+{first:X} down to U+{last:X}");
            ranges.Add((first, last));
        }
        var set = CodePoints.Of([.. ranges]);
        return new(isNegated ? CodePoints.All.Except(set) : set);
    }

    private int ReadCharacter()
    {
        if (!_cursor.TryTake("\\")) return _cursor.TakeCodePoint();
        return _cursor.Take() switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'x' => _cursor.TakeHex(2),
            'u' => _cursor.TakeHex(4),
            'U' => _cursor.TakeHex(8),
            var other and ('"' or '\\' or '[' or ']' or '-' or '^') => other,
            var other => throw _cursor.Error($"has an unknown escape '\\{other}' before the one"),
        };
    }

    private Rule RuleOf(string name)
    {
        if (!_rules.TryGetValue(name, out var rule)) _rules.Add(name, rule = new Rule(name));
        return rule;
    }

    private string ReadName()
    {
        var name = _cursor.TakeWhile(IsNameCharacter);
        return name.Length > 0 ? name : throw _cursor.Error("needs the name of a rule");
    }

    private static bool IsNameCharacter(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_';

    /// <summary>Newlines end a rule, but not inside parentheses.</summary>
    private void SkipSpace(bool overLines)
    {
        while (true)
        {
            _cursor.TakeWhile(letter => letter is ' ' or '\t' || (overLines && letter is '\n' or '\r'));
            if (_cursor.Next != '#') return;
            _cursor.TakeWhile(letter => letter is not ('\n' or '\r'));
        }
    }
}
