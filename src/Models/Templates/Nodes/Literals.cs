using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Nodes;

/// <summary>A string, number, boolean or none.</summary>
internal sealed class Literal(int line, TemplateValue value) : Expression(line)
{
    /// <summary>Its value.</summary>
    public TemplateValue Value => value;

    /// <inheritdoc/>
    public override TemplateValue Evaluate(Renderer renderer)
    {
        renderer.Budget.Step();
        return value;
    }
}

/// <summary><c>[a, b]</c></summary>
internal sealed class ListLiteral(int line, Expression[] items) : Expression(line, items)
{
    /// <inheritdoc/>
    public override TemplateValue Evaluate(Renderer renderer) => new ListValue(Evaluate(renderer, items));

    /// <summary>Values of several expressions.</summary>
    internal static TemplateValue[] Evaluate(Renderer renderer, Expression[] items)
    {
        renderer.Budget.MakeItems(items.Length + 1);
        var values = new TemplateValue[items.Length];
        for (var i = 0; i < items.Length; i++) values[i] = items[i].Evaluate(renderer);
        return values;
    }
}

/// <summary><c>(a, b)</c> or <c>a, b</c></summary>
internal sealed class TupleLiteral(int line, Expression[] items) : Expression(line, items)
{
    /// <summary>The items.</summary>
    public IReadOnlyList<Expression> Items => items;

    /// <inheritdoc/>
    public override TemplateValue Evaluate(Renderer renderer) => new TupleValue(ListLiteral.Evaluate(renderer, items));
}

/// <summary><c>{a: b}</c></summary>
internal sealed class DictLiteral(int line, Expression[] keys, Expression[] values)
    : Expression(line, [.. keys, .. values])
{
    /// <inheritdoc/>
    public override TemplateValue Evaluate(Renderer renderer)
    {
        renderer.Budget.MakeEntries(keys.Length);
        var map = new DictValue();
        for (var i = 0; i < keys.Length; i++)
        {
            var key = keys[i].Evaluate(renderer);
            KeyComparer.Require(key);
            map.Set(key, values[i].Evaluate(renderer));
        }

        return map;
    }
}
