using Minka.Models.Templates.Nodes;

namespace Minka.Models.Templates.Syntax;

/// <summary>Reads what becomes a function: macros, call blocks, and generation blocks.</summary>
internal sealed class MacroParser(
    TokenStream tokens, TemplateSymbols symbols, ExpressionParser expressions, StatementParser statements)
{
    private readonly TargetParser _targets = new(tokens, symbols);

    /// <summary><c>macro name(a, b=1) … endmacro</c></summary>
    public MacroStatement ParseMacro(int line)
    {
        var name = _targets.ParseName("the name of a macro");
        var id = symbols.Declare(name);
        if (!tokens.IsAt("(")) throw tokens.Unexpected("'(' with the macro's arguments");
        return new MacroStatement(line, id, ParseDefinition(line, name, "endmacro", null, out _));
    }

    /// <summary><c>call(x) macro(…) … endcall</c></summary>
    public CallBlockStatement ParseCallBlock(int line)
    {
        var definition = ParseDefinition(line, "caller", "endcall", ParseCall, out var call);
        return new CallBlockStatement(line, definition, call!);
    }

    /// <summary><c>generation … endgeneration</c>: what the assistant wrote, for training; here only a scope.</summary>
    public ScopeStatement ParseGeneration(int line)
    {
        var loops = statements.Loops;
        statements.Loops = 0;
        var body = statements.ParseScope("endgeneration");
        statements.Loops = loops;
        return new ScopeStatement(line, body);
    }

    private CallExpression ParseCall()
    {
        var line = tokens.Current.Line;
        return expressions.Parse() as CallExpression
            ?? throw TemplateException.At(line, "a call block needs the call of a macro after 'call'.");
    }

    private MacroDefinition ParseDefinition(
        int line, string name, string end, Func<CallExpression>? parseCall, out CallExpression? call)
    {
        symbols.OpenScope();
        var parameters = tokens.IsAt("(") ? ParseParameters() : [];
        var inner = symbols.CloseScope();
        call = parseCall?.Invoke();

        symbols.OpenScope();
        symbols.OpenMacro();
        foreach (var parameter in inner) symbols.Declare(parameter);
        var loops = statements.Loops;
        statements.Loops = 0;
        var body = ParseBodyWithSpecials(end);
        statements.Loops = loops;
        symbols.CloseScope();

        var reads = symbols.CloseMacro();
        if (reads.Contains("caller") && parameters.Any(p => p.Name == "caller" && p.Default is null))
            throw TemplateException.At(line, $"the argument 'caller' of '{name}' needs a default, or must go.");
        return new MacroDefinition(
            name, parameters, body, Special("caller"), Special("varargs"), Special("kwargs"));

        int? Special(string special) =>
            reads.Contains(special) && !parameters.Any(p => p.Name == special) ? symbols.IdOf(special) : null;
    }

    private Block ParseBodyWithSpecials(string end)
    {
        foreach (var special in (string[])["caller", "varargs", "kwargs"]) symbols.Declare(special);
        return statements.ParseScope(end);
    }

    private (string Name, int Id, Expression? Default)[] ParseParameters()
    {
        var parameters = new List<(string Name, int Id, Expression? Default)>();
        tokens.Expect("(");
        while (!tokens.IsAt(")"))
        {
            var line = tokens.Current.Line;
            var name = _targets.ParseName("the name of an argument");
            var standard = tokens.TrySkip("=") ? expressions.Parse() : null;
            if (standard is null && parameters.Count > 0 && parameters[^1].Default is not null)
                throw TemplateException.At(line, $"the argument '{name}' needs a default, as the one before has one.");
            if (parameters.Exists(p => p.Name == name))
                throw TemplateException.At(line, $"the argument '{name}' is declared twice.");
            parameters.Add((name, symbols.Declare(name), standard));
            if (!tokens.TrySkip(",")) break;
        }

        tokens.Expect(")");
        return [.. parameters];
    }
}
