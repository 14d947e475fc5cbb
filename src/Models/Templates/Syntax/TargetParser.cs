using Minka.Models.Templates.Nodes;

namespace Minka.Models.Templates.Syntax;

/// <summary>A target with the names it sets.</summary>
/// <param name="Target">What is assigned to.</param>
/// <param name="Names">Variables in it.</param>
internal sealed record ParsedTarget(Target Target, IReadOnlyList<string> Names);

/// <summary>Reads what stands left of <c>=</c> or <c>in</c>: names, <c>ns.name</c>, and tuples of them.</summary>
internal sealed class TargetParser(TokenStream tokens, TemplateSymbols symbols)
{
    private static readonly string[] _constants = ["true", "false", "none", "True", "False", "None"];

    /// <summary>The target of a loop, whose names are declared at once.</summary>
    public Target ParseTuple(string stop)
    {
        var line = tokens.Current.Line;
        var target = ParseTuple(stop, declares: true);
        RequireLoopUnset(target, line);
        Declare(target);
        return target.Target;
    }

    /// <summary>One target, or several with commas.</summary>
    /// <param name="stop">A word that ends it.</param>
    /// <param name="declares">Whether this is a loop's, which cannot set attributes.</param>
    public ParsedTarget ParseTuple(string? stop, bool declares)
    {
        tokens.Enter();
        var names = new List<string>();
        var targets = new List<Target> { ParseOne(names, allowsAttributes: !declares) };
        var isTuple = false;
        while (tokens.TrySkip(","))
        {
            isTuple = true;
            if (tokens.Current.Kind != TokenKind.Name && !tokens.IsAt("(")) break;
            if (stop is not null && tokens.IsAtWord(stop)) break;
            targets.Add(ParseOne(names, allowsAttributes: !declares));
        }

        tokens.Leave();
        return new ParsedTarget(isTuple ? new TupleTarget([.. targets]) : targets[0], names);
    }

    /// <summary>Refuses to set <c>loop</c> where a loop has set it.</summary>
    public static void RequireLoopUnset(ParsedTarget target, int line)
    {
        if (target.Names.Contains("loop"))
            throw TemplateException.At(line, "'loop' is what a loop itself sets; choose another name.");
    }

    /// <summary>Declares the names of a target, once its value has been read.</summary>
    public void Declare(ParsedTarget target)
    {
        foreach (var name in target.Names) symbols.Declare(name);
    }

    /// <summary>A single new name.</summary>
    public string ParseName(string what)
    {
        var token = tokens.Expect(TokenKind.Name, what);
        if (_constants.Contains(token.Text))
            throw TemplateException.At(token.Line, $"'{token.Text}' is a constant and cannot be set.");
        return token.Text;
    }

    private Target ParseOne(List<string> names, bool allowsAttributes)
    {
        if (tokens.TrySkip("("))
        {
            var inner = ParseTuple(stop: null, declares: !allowsAttributes);
            tokens.Expect(")");
            names.AddRange(inner.Names);
            return inner.Target;
        }

        var name = ParseName("a name to set");
        if (allowsAttributes && tokens.TrySkip("."))
        {
            var attribute = tokens.Expect(TokenKind.Name, "the name of an attribute").Text;
            return new AttributeTarget(name, symbols.Read(name), attribute);
        }

        names.Add(name);
        return new NameTarget(symbols.IdOf(name));
    }
}
