using Minka.Models.Templates.Nodes;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Syntax;

/// <summary>Reads what follows a value: <c>.name</c>, <c>[key]</c>, <c>[a:b:c]</c>, <c>(arguments)</c>.</summary>
internal sealed class PostfixParser(TokenStream tokens, TemplateSymbols symbols, ExpressionParser expressions)
{
    /// <summary>The value with all that follows it.</summary>
    public Expression Parse(Expression value)
    {
        while (true)
        {
            if (tokens.TrySkip(".")) value = ParseAttribute(value);
            else if (tokens.IsAt("[")) value = ParseSubscript(value);
            else if (tokens.IsAt("(")) value = ParseCall(value);
            else return value;
        }
    }

    /// <summary>A call.</summary>
    public CallExpression ParseCall(Expression target)
    {
        var line = tokens.Current.Line;
        return new CallExpression(line, target, ParseArguments());
    }

    /// <summary><c>(a, name=b, *c, **d)</c></summary>
    public ArgumentList ParseArguments()
    {
        tokens.Expect("(");
        var positional = new List<Expression>();
        var named = new List<(string Name, Expression Value)>();
        Expression? morePositional = null, moreNamed = null;
        while (!tokens.IsAt(")"))
        {
            if (tokens.IsAt("*") && morePositional is null && moreNamed is null)
            {
                tokens.Take();
                morePositional = expressions.Parse();
            }
            else if (tokens.IsAt("**") && moreNamed is null)
            {
                tokens.Take();
                moreNamed = expressions.Parse();
            }
            else if (tokens.Current.Kind == TokenKind.Name && tokens.Following.IsOperator("=") && moreNamed is null)
            {
                named.Add(ParseNamed(named));
            }
            else if (named.Count == 0 && morePositional is null && moreNamed is null)
            {
                positional.Add(expressions.Parse());
            }
            else
            {
                throw tokens.Unexpected("an argument by name or ')'");
            }

            if (!tokens.TrySkip(",")) break;
        }

        tokens.Expect(")");
        return positional.Count + named.Count == 0 && morePositional is null && moreNamed is null
            ? ArgumentList.Empty
            : new ArgumentList([.. positional], [.. named], morePositional, moreNamed);
    }

    private (string Name, Expression Value) ParseNamed(List<(string Name, Expression Value)> before)
    {
        var name = tokens.Take();
        if (before.Exists(pair => pair.Name == name.Text))
            throw TemplateException.At(name.Line, $"the argument '{name.Text}' is given twice.");
        tokens.Expect("=");
        return (name.Text, expressions.Parse());
    }

    private Expression ParseAttribute(Expression owner)
    {
        var token = tokens.Take();
        if (token.Kind == TokenKind.Integer)
            return new ItemExpression(token.Line, owner, new Literal(token.Line, IntegerValue.Of(token.Integer)));
        if (token.Kind != TokenKind.Name)
            throw TemplateException.At(token.Line, $"{token.Description} stands where a name must follow '.'.");
        symbols.Mention(token.Text);
        return new AttributeExpression(token.Line, owner, token.Text);
    }

    private Expression ParseSubscript(Expression owner)
    {
        var line = tokens.Expect("[").Line;
        if (tokens.TrySkip("]")) return new ItemExpression(line, owner, new TupleLiteral(line, []));
        if (TryParseSlice(owner, out var first) is { } slice)
        {
            tokens.Expect("]");
            return slice;
        }

        var keys = new List<Expression> { first! };
        while (tokens.TrySkip(",")) keys.Add(expressions.Parse());
        tokens.Expect("]");
        return new ItemExpression(line, owner, keys.Count == 1 ? keys[0] : new TupleLiteral(line, [.. keys]));
    }

    /// <summary>The slice, or null with the <paramref name="key"/> that stands in its place.</summary>
    private SliceExpression? TryParseSlice(Expression owner, out Expression? key)
    {
        var line = tokens.Current.Line;
        key = tokens.IsAt(":") ? null : expressions.Parse();
        if (!tokens.TrySkip(":")) return null;
        var stop = tokens.IsAt(":", "]") ? null : expressions.Parse();
        var step = tokens.TrySkip(":") && !tokens.IsAt("]") ? expressions.Parse() : null;
        return new SliceExpression(line, owner, key, stop, step);
    }
}
