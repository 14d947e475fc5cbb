using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Nodes;

/// <summary><c>{% set target = value %}</c></summary>
internal sealed class SetStatement(int line, Target target, Expression value) : Statement(line)
{
    /// <inheritdoc/>
    public override Flow Execute(Renderer renderer)
    {
        target.Assign(renderer, value.Evaluate(renderer));
        return Flow.Next;
    }
}

/// <summary><c>{% set target | filter %} … {% endset %}</c></summary>
internal sealed class SetBlockStatement(int line, Target target, FilterExpression? filter, Block body) : Statement(line)
{
    /// <inheritdoc/>
    public override Flow Execute(Renderer renderer)
    {
        var scope = new Scope(renderer.Scope);
        var text = renderer.Capture(scope, body, out var flow);
        if (flow != Flow.Next) return flow;

        TemplateValue value = new StringValue(text, renderer.Escapes);
        if (filter is not null) value = FilterBlockStatement.Apply(renderer, scope, filter, value);
        target.Assign(renderer, value);
        return Flow.Next;
    }
}

/// <summary><c>{% filter name %} … {% endfilter %}</c></summary>
internal sealed class FilterBlockStatement(int line, FilterExpression filter, Block body) : Statement(line)
{
    /// <inheritdoc/>
    public override Flow Execute(Renderer renderer)
    {
        var scope = new Scope(renderer.Scope);
        var text = renderer.Capture(scope, body, out var flow);
        if (flow == Flow.Next)
            PrintStatement.Write(renderer, Apply(renderer, scope, filter, new StringValue(text, renderer.Escapes)));
        return flow;
    }

    /// <summary>The filter's value over a block's text, where the block's own variables are in sight.</summary>
    internal static TemplateValue Apply(Renderer renderer, Scope scope, FilterExpression filter, TemplateValue text)
    {
        var outer = renderer.Scope;
        renderer.Scope = scope;
        var value = filter.Apply(renderer, text);
        renderer.Scope = outer;
        return value;
    }
}

/// <summary><c>{% with a = 1, b = 2 %} … {% endwith %}</c>; the values see the variables outside.</summary>
internal sealed class WithStatement(int line, (Target Target, Expression Value)[] variables, Block body)
    : Statement(line)
{
    /// <inheritdoc/>
    public override Flow Execute(Renderer renderer)
    {
        var outer = renderer.Scope;
        var inner = new Scope(outer);
        foreach (var (target, expression) in variables)
        {
            var value = expression.Evaluate(renderer);
            renderer.Scope = inner;
            target.Assign(renderer, value);
            renderer.Scope = outer;
        }

        return body.ExecuteIn(renderer, inner);
    }
}

/// <summary>
/// <c>{% generation %} … {% endgeneration %}</c> and <c>{% block %}</c>: rendered in place, with own variables.
/// </summary>
internal sealed class ScopeStatement(int line, Block body) : Statement(line)
{
    /// <inheritdoc/>
    public override Flow Execute(Renderer renderer) => body.ExecuteIn(renderer, new Scope(renderer.Scope));
}

/// <summary><c>{% autoescape on %} … {% endautoescape %}</c></summary>
internal sealed class AutoescapeStatement(int line, Expression on, Block body) : Statement(line)
{
    /// <inheritdoc/>
    public override Flow Execute(Renderer renderer)
    {
        var before = renderer.Escapes;
        renderer.Escapes = on.Evaluate(renderer).IsTrue;
        var flow = body.ExecuteIn(renderer, new Scope(renderer.Scope));
        renderer.Escapes = before;
        return flow;
    }
}
