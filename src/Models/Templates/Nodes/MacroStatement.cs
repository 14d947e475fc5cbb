using Minka.Models.Templates.Builtins;
using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Nodes;

/// <summary>What a macro or a call block declares.</summary>
/// <param name="Name">Its name; <c>caller</c> for a call block.</param>
/// <param name="Parameters">Names, their numbers, and defaults.</param>
/// <param name="Body">What it renders.</param>
/// <param name="Caller">Number of <c>caller</c>, when the body reads it.</param>
/// <param name="MorePositional">Number of <c>varargs</c>, when the body reads it.</param>
/// <param name="MoreNamed">Number of <c>kwargs</c>, when the body reads it.</param>
internal sealed record MacroDefinition(
    string Name,
    (string Name, int Id, Expression? Default)[] Parameters,
    Block Body,
    int? Caller,
    int? MorePositional,
    int? MoreNamed);

/// <summary><c>{% macro name(a, b=1) %} … {% endmacro %}</c></summary>
internal sealed class MacroStatement(int line, int id, MacroDefinition definition) : Statement(line)
{
    /// <inheritdoc/>
    public override Flow Execute(Renderer renderer)
    {
        renderer.Scope.Set(id, new MacroValue(definition, renderer.Scope));
        return Flow.Next;
    }
}

/// <summary><c>{% call(x) macro() %} … {% endcall %}</c>: the block is the macro's <c>caller</c>.</summary>
internal sealed class CallBlockStatement(int line, MacroDefinition caller, CallExpression call) : Statement(line)
{
    /// <inheritdoc/>
    public override Flow Execute(Renderer renderer)
    {
        PrintStatement.Write(renderer, call.Call(renderer, new MacroValue(caller, renderer.Scope)));
        return Flow.Next;
    }
}

/// <summary>A macro, with the variables that were in sight where it was defined.</summary>
internal sealed class MacroValue(MacroDefinition definition, Scope home) : CallableValue
{
    internal override string TypeName => "Macro";

    /// <inheritdoc/>
    public override TemplateValue Call(Renderer renderer, CallArguments arguments)
    {
        var scope = new Scope(home);
        var rest = arguments.Named.ToList();
        var parameters = definition.Parameters;
        for (var i = 0; i < parameters.Length; i++)
        {
            scope.Set(parameters[i].Id, i < arguments.Positional.Count
                ? arguments.Positional[i]
                : Take(rest, parameters[i].Name));
        }

        BindRest(renderer, scope, arguments, rest);
        renderer.Enter(definition.Name);
        FillDefaults(renderer, scope);
        var text = renderer.Capture(scope, definition.Body);
        renderer.Leave();
        return new StringValue(text, renderer.Escapes);
    }

    internal override TemplateValue? GetAttribute(StringValue name) => name.Text switch
    {
        "name" => new StringValue(definition.Name),
        "arguments" => new TupleValue([.. definition.Parameters.Select(p => new StringValue(p.Name))]),
        "caller" => BoolValue.Of(definition.Caller is not null),
        "catch_kwargs" => BoolValue.Of(definition.MoreNamed is not null),
        "catch_varargs" => BoolValue.Of(definition.MorePositional is not null),
        _ => null,
    };

    internal override void Represent(TextBuffer output) => output.Append($"<Macro '{definition.Name}'>");

    private static TemplateValue? Take(List<KeyValuePair<string, TemplateValue>> named, string name)
    {
        var at = named.FindIndex(pair => pair.Key == name);
        if (at < 0) return null;
        var value = named[at].Value;
        named.RemoveAt(at);
        return value;
    }

    /// <summary>Sets <c>caller</c>, <c>kwargs</c> and <c>varargs</c>, or refuses what nothing takes.</summary>
    private void BindRest(
        Renderer renderer, Scope scope, CallArguments arguments, List<KeyValuePair<string, TemplateValue>> rest)
    {
        if (definition.Caller is { } caller)
            scope.Set(caller, Take(rest, "caller") ?? UndefinedValue.Because("the macro was called without a caller."));

        if (definition.MoreNamed is { } moreNamed)
        {
            renderer.Budget.MakeEntries(rest.Count);
            scope.Set(moreNamed, From(rest));
        }
        else if (rest.Count > 0)
        {
            throw TemplateException.Of($"the macro '{definition.Name}' has no argument '{rest[0].Key}'.");
        }

        var parameters = definition.Parameters.Length;
        if (definition.MorePositional is { } morePositional)
        {
            scope.Set(morePositional, new TupleValue([.. arguments.Positional.Skip(parameters)]));
        }
        else if (arguments.Positional.Count > parameters)
        {
            throw TemplateException.Of($"the macro '{definition.Name}' takes {parameters} arguments at most; "
                + $"it got {arguments.Positional.Count}.");
        }
    }

    /// <summary>A default sees the parameters before it.</summary>
    private void FillDefaults(Renderer renderer, Scope scope)
    {
        var outer = renderer.Scope;
        renderer.Scope = scope;
        foreach (var (name, id, standard) in definition.Parameters)
        {
            if (scope.Has(id)) continue;
            scope.Set(id, standard?.Evaluate(renderer)
                ?? UndefinedValue.Because($"the argument '{name}' was not given."));
        }

        renderer.Scope = outer;
    }
}
