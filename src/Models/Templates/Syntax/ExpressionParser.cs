using Minka.Models.Templates.Builtins;
using Minka.Models.Templates.Nodes;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Syntax;

/// <summary>Reads expressions. Binding, from loose to tight: if-else, or, and, not, comparisons, + -, ~, * / // %, **,
/// signs, filters and tests, attributes and calls.</summary>
internal sealed class ExpressionParser(TokenStream tokens, TemplateSymbols symbols)
{
    /// <summary>One expression.</summary>
    public Expression Parse(bool allowsCondition = true)
    {
        tokens.Enter();
        var value = allowsCondition ? ParseConditional() : ParseOr();
        tokens.Leave();
        return value;
    }

    /// <summary>One expression, or several with commas as a tuple.</summary>
    /// <param name="allowsCondition">Whether <c>a if b else c</c> may stand in it.</param>
    /// <param name="stop">A word that ends it.</param>
    /// <param name="allowsEmpty">Whether it may be an empty tuple.</param>
    public Expression ParseTuple(bool allowsCondition = true, string? stop = null, bool allowsEmpty = false)
    {
        var line = tokens.Current.Line;
        var items = new List<Expression>();
        var isTuple = false;
        while (!IsTupleEnd(stop))
        {
            items.Add(Parse(allowsCondition));
            if (!tokens.TrySkip(",")) break;
            isTuple = true;
        }

        if (isTuple) return new TupleLiteral(line, [.. items]);
        if (items.Count == 1) return items[0];
        return allowsEmpty ? new TupleLiteral(line, []) : throw tokens.Unexpected("an expression");
    }

    /// <summary><c>| name(arguments) | …</c>, over a block's text when <paramref name="input"/> is null.</summary>
    public FilterExpression ParseFilter(Expression? input)
    {
        var token = tokens.Expect(TokenKind.Name, "the name of a filter");
        var name = token.Text + ParseDottedRest();
        var filter = Filters.Find(name) ?? Filter.Unknown(name);
        var arguments = tokens.IsAt("(") ? Postfix.ParseArguments() : ArgumentList.Empty;
        return new FilterExpression(token.Line, filter, input, arguments);
    }

    /// <summary>Attributes, items and calls.</summary>
    public PostfixParser Postfix => field ??= new PostfixParser(tokens, symbols, this);

    private bool IsTupleEnd(string? stop) =>
        tokens.Current.Kind is TokenKind.PrintEnd or TokenKind.TagEnd || tokens.IsAt(")")
        || (stop is not null && tokens.IsAtWord(stop));

    private Expression ParseConditional()
    {
        var line = tokens.Current.Line;
        var value = ParseOr();
        while (tokens.TrySkipWord("if"))
        {
            var test = ParseOr();
            var otherwise = tokens.TrySkipWord("else") ? Parse() : null;
            value = new ConditionalExpression(line, test, value, otherwise);
        }

        return value;
    }

    private Expression ParseOr()
    {
        var left = ParseAnd();
        while (tokens.IsAtWord("or"))
            left = new LogicalExpression(tokens.Take().Line, isAnd: false, left, ParseAnd());
        return left;
    }

    private Expression ParseAnd()
    {
        var left = ParseNot();
        while (tokens.IsAtWord("and"))
            left = new LogicalExpression(tokens.Take().Line, isAnd: true, left, ParseNot());
        return left;
    }

    private Expression ParseNot()
    {
        if (!tokens.IsAtWord("not")) return ParseComparison();
        tokens.Enter();
        var value = new UnaryExpression(tokens.Take().Line, "not", ParseNot());
        tokens.Leave();
        return value;
    }

    private Expression ParseComparison()
    {
        var line = tokens.Current.Line;
        var first = ParseSum();
        var rest = new List<(string, Expression)>();
        while (true)
        {
            if (tokens.IsAt("==", "!=", "<", "<=", ">", ">="))
            {
                rest.Add((tokens.Take().Text, ParseSum()));
            }
            else if (tokens.TrySkipWord("in"))
            {
                rest.Add(("in", ParseSum()));
            }
            else if (tokens.IsAtWord("not") && tokens.Following.IsName("in"))
            {
                tokens.Take();
                tokens.Take();
                rest.Add(("not in", ParseSum()));
            }
            else
            {
                return rest.Count == 0 ? first : new CompareExpression(line, first, [.. rest]);
            }
        }
    }

    private Expression ParseSum()
    {
        var left = ParseConcat();
        while (tokens.IsAt("+", "-"))
        {
            var symbol = tokens.Take();
            left = new BinaryExpression(symbol.Line, symbol.Text, left, ParseConcat());
        }

        return left;
    }

    private Expression ParseConcat()
    {
        var line = tokens.Current.Line;
        var first = ParseProduct();
        if (!tokens.IsAt("~")) return first;
        var parts = new List<Expression> { first };
        while (tokens.TrySkip("~")) parts.Add(ParseProduct());
        return new ConcatExpression(line, [.. parts]);
    }

    private Expression ParseProduct()
    {
        var left = ParsePower();
        while (tokens.IsAt("*", "/", "//", "%"))
        {
            var symbol = tokens.Take();
            left = new BinaryExpression(symbol.Line, symbol.Text, left, ParsePower());
        }

        return left;
    }

    private Expression ParsePower()
    {
        var left = ParseUnary(allowsFilters: true);
        while (tokens.IsAt("**"))
            left = new BinaryExpression(tokens.Take().Line, "**", left, ParseUnary(allowsFilters: true));
        return left;
    }

    private Expression ParseUnary(bool allowsFilters)
    {
        Expression value;
        if (tokens.IsAt("-", "+"))
        {
            tokens.Enter();
            var symbol = tokens.Take();
            value = new UnaryExpression(symbol.Line, symbol.Text, ParseUnary(allowsFilters: false));
            tokens.Leave();
        }
        else
        {
            value = ParsePrimary();
        }

        value = Postfix.Parse(value);
        return allowsFilters ? ParseFiltersAndTests(value) : value;
    }

    private Expression ParseFiltersAndTests(Expression value)
    {
        while (true)
        {
            if (tokens.TrySkip("|")) value = ParseFilter(value);
            else if (tokens.IsAtWord("is")) value = ParseTest(value);
            else if (tokens.IsAt("(")) value = Postfix.ParseCall(value);
            else return value;
        }
    }

    private Expression ParseTest(Expression input)
    {
        tokens.Take();
        var isNegated = tokens.TrySkipWord("not");
        var token = tokens.Expect(TokenKind.Name, "the name of a test");
        var name = token.Text + ParseDottedRest();
        var test = Tests.Find(name) ?? Test.Unknown(name);
        var value = new TestExpression(token.Line, test, input, ParseTestArguments());
        return isNegated ? new UnaryExpression(token.Line, "not", value) : value;
    }

    private ArgumentList ParseTestArguments()
    {
        if (tokens.IsAt("(")) return Postfix.ParseArguments();
        var isOperand = tokens.IsAt("[", "{")
            || tokens.Current.Kind is TokenKind.Name or TokenKind.String or TokenKind.Integer or TokenKind.Float;
        if (!isOperand || tokens.IsAtWord("else") || tokens.IsAtWord("or") || tokens.IsAtWord("and"))
            return ArgumentList.Empty;
        if (tokens.IsAtWord("is")) throw tokens.Unexpected("something else than a second test");
        tokens.Enter();
        var operand = Postfix.Parse(ParsePrimary());
        tokens.Leave();
        return new ArgumentList([operand], [], null, null);
    }

    private string ParseDottedRest()
    {
        var rest = "";
        while (tokens.TrySkip(".")) rest += "." + tokens.Expect(TokenKind.Name, "a name").Text;
        return rest;
    }

    private Expression ParsePrimary()
    {
        var token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                tokens.Take();
                return ParseName(token);
            case TokenKind.String:
                return ParseString();
            case TokenKind.Integer:
                return new Literal(tokens.Take().Line, IntegerValue.Of(token.Integer));
            case TokenKind.Float:
                return new Literal(tokens.Take().Line, new FloatValue(token.Float));
        }

        if (tokens.TrySkip("("))
        {
            var value = ParseTuple(allowsEmpty: true);
            tokens.Expect(")");
            return value;
        }

        if (tokens.IsAt("[")) return ParseList();
        if (tokens.IsAt("{")) return ParseDict();
        throw tokens.Unexpected("a value");
    }

    private Expression ParseName(Token token) => token.Text switch
    {
        "true" or "True" => new Literal(token.Line, BoolValue.True),
        "false" or "False" => new Literal(token.Line, BoolValue.False),
        "none" or "None" => new Literal(token.Line, NoneValue.Instance),
        _ => new NameExpression(token.Line, token.Text, symbols.Read(token.Text)),
    };

    private Literal ParseString()
    {
        var line = tokens.Current.Line;
        var text = tokens.Take().Text;
        if (tokens.Current.Kind == TokenKind.String)
        {
            var parts = new List<string> { text };
            while (tokens.Current.Kind == TokenKind.String) parts.Add(tokens.Take().Text);
            text = string.Concat(parts);
        }

        symbols.Mention(text);
        return new Literal(line, new StringValue(text));
    }

    private ListLiteral ParseList()
    {
        var line = tokens.Expect("[").Line;
        var items = new List<Expression>();
        while (!tokens.IsAt("]"))
        {
            items.Add(Parse());
            if (!tokens.TrySkip(",")) break;
        }

        tokens.Expect("]");
        return new ListLiteral(line, [.. items]);
    }

    private DictLiteral ParseDict()
    {
        var line = tokens.Expect("{").Line;
        var (keys, values) = (new List<Expression>(), new List<Expression>());
        while (!tokens.IsAt("}"))
        {
            keys.Add(Parse());
            tokens.Expect(":");
            values.Add(Parse());
            if (!tokens.TrySkip(",")) break;
        }

        tokens.Expect("}");
        return new DictLiteral(line, [.. keys], [.. values]);
    }
}
