using Minka.Models.Templates.Builtins;
using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Nodes;

/// <summary>Arguments as a template writes them: <c>(a, b, name=c, *d, **e)</c>.</summary>
/// <param name="Positional">By place.</param>
/// <param name="Named">By name.</param>
/// <param name="MorePositional">A list after <c>*</c>.</param>
/// <param name="MoreNamed">A mapping after <c>**</c>.</param>
internal sealed record ArgumentList(
    Expression[] Positional,
    (string Name, Expression Value)[] Named,
    Expression? MorePositional,
    Expression? MoreNamed)
{
    /// <summary>No arguments.</summary>
    public static readonly ArgumentList Empty = new([], [], null, null);

    /// <summary>All expressions in it.</summary>
    public Expression?[] Parts => [.. Positional, .. Named.Select(pair => pair.Value), MorePositional, MoreNamed];

    /// <summary>Their values.</summary>
    public CallArguments Evaluate(Renderer renderer)
    {
        if (ReferenceEquals(this, Empty)) return CallArguments.None;
        IReadOnlyList<TemplateValue> positional = ListLiteral.Evaluate(renderer, Positional);
        var named = Named.Length == 0 && MoreNamed is null ? [] : EvaluateNamed(renderer);
        if (MorePositional is not null)
            positional = [.. positional, .. Sequences.ToList(renderer, MorePositional.Evaluate(renderer))];
        return new CallArguments(positional, named);
    }

    private List<KeyValuePair<string, TemplateValue>> EvaluateNamed(Renderer renderer)
    {
        var named = new List<KeyValuePair<string, TemplateValue>>();
        foreach (var (name, value) in Named) named.Add(new(name, value.Evaluate(renderer)));
        if (MoreNamed is null) return named;

        if (MoreNamed.Evaluate(renderer) is not DictValue map)
            throw TemplateException.Of("what follows '**' in a call must be a mapping.");
        renderer.Budget.MakeEntries(map.Count);
        foreach (var (key, value) in map.Entries)
        {
            if (key is not StringValue name)
                throw TemplateException.Of("the keys of a mapping after '**' in a call must be strings.");
            if (Named.Any(pair => pair.Name == name.Text))
                throw TemplateException.Of($"the argument '{name.Text}' is given twice.");
            named.Add(new(name.Text, value));
        }

        return named;
    }
}

/// <summary><c>target(arguments)</c></summary>
internal sealed class CallExpression(int line, Expression target, ArgumentList arguments)
    : Expression(line, [target, .. arguments.Parts])
{
    /// <inheritdoc/>
    public override TemplateValue Evaluate(Renderer renderer) => Call(renderer, caller: null);

    /// <summary>The result, with what a call block passes as <c>caller</c>.</summary>
    public TemplateValue Call(Renderer renderer, CallableValue? caller)
    {
        var callee = target.Evaluate(renderer);
        var values = arguments.Evaluate(renderer);
        if (caller is not null) values = values with { Named = [.. values.Named, new("caller", caller)] };
        renderer.Budget.Step();
        renderer.Line = Line;
        return callee switch
        {
            CallableValue function => function.Call(renderer, values),
            UndefinedValue undefined => throw undefined.Fail(),
            _ => throw TemplateException.Of($"a {callee.TypeName} cannot be called."),
        };
    }
}

/// <summary><c>input | name(arguments)</c></summary>
/// <param name="line">Its line.</param>
/// <param name="filter">The filter.</param>
/// <param name="input">What it works on; null in a filter block, where it is the block's text.</param>
/// <param name="arguments">Its arguments.</param>
internal sealed class FilterExpression(int line, Filter filter, Expression? input, ArgumentList arguments)
    : Expression(line, [input, .. arguments.Parts])
{
    /// <inheritdoc/>
    public override TemplateValue Evaluate(Renderer renderer) => Apply(renderer, null);

    /// <summary>Its value over a text, for a block.</summary>
    public TemplateValue Apply(Renderer renderer, TemplateValue? text)
    {
        var value = input switch
        {
            null => text!,
            FilterExpression inner => inner.Apply(renderer, text),
            _ => input.Evaluate(renderer),
        };
        var values = arguments.Evaluate(renderer);
        renderer.Budget.Step();
        renderer.Line = Line;
        return filter.Apply(renderer, value, values);
    }
}

/// <summary><c>input is name(arguments)</c></summary>
internal sealed class TestExpression(int line, Test test, Expression input, ArgumentList arguments)
    : Expression(line, [input, .. arguments.Parts])
{
    /// <inheritdoc/>
    public override TemplateValue Evaluate(Renderer renderer)
    {
        var value = input.Evaluate(renderer);
        var values = arguments.Evaluate(renderer);
        renderer.Budget.Step();
        return BoolValue.Of(test.Holds(renderer, value, values));
    }
}
