using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Nodes;

/// <summary>A variable.</summary>
/// <param name="line">Its line.</param>
/// <param name="name">Its name.</param>
/// <param name="id">Its number in the template.</param>
internal sealed class NameExpression(int line, string name, int id) : Expression(line)
{
    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>Its number in the template.</summary>
    public int Id => id;

    /// <inheritdoc/>
    public override TemplateValue Evaluate(Renderer renderer)
    {
        renderer.Budget.Step();
        return renderer.Find(id) ?? UndefinedValue.Variable(name);
    }
}

/// <summary><c>owner.name</c>: Python's attribute first, then the item of that name.</summary>
internal sealed class AttributeExpression(int line, Expression owner, string name) : Expression(line, owner)
{
    private readonly StringValue _name = new(name);

    /// <inheritdoc/>
    public override TemplateValue Evaluate(Renderer renderer)
    {
        var value = owner.Evaluate(renderer);
        renderer.Budget.Step();
        return Read(renderer, value, _name);
    }

    /// <summary>The attribute or item of a value.</summary>
    public static TemplateValue Read(Renderer renderer, TemplateValue value, StringValue name)
    {
        if (value is UndefinedValue undefined) throw undefined.Fail();
        return value.GetAttribute(name)
            ?? (value as DictValue)?.Find(renderer, name)
            ?? UndefinedValue.Member(value, name.Text);
    }
}

/// <summary><c>owner[key]</c>: the item first, then Python's attribute of that name.</summary>
internal sealed class ItemExpression(int line, Expression owner, Expression key) : Expression(line, owner, key)
{
    /// <inheritdoc/>
    public override TemplateValue Evaluate(Renderer renderer)
    {
        var value = owner.Evaluate(renderer);
        var index = key.Evaluate(renderer);
        renderer.Budget.Step();
        return Read(renderer, value, index);
    }

    /// <summary>The item or attribute of a value.</summary>
    public static TemplateValue Read(Renderer renderer, TemplateValue value, TemplateValue key)
    {
        if (value is UndefinedValue undefined) throw undefined.Fail();
        return value.GetItem(renderer, key) ?? UndefinedValue.Item(value, key);
    }
}

/// <summary><c>owner[start:stop:step]</c></summary>
internal sealed class SliceExpression(int line, Expression owner, Expression? start, Expression? stop, Expression? step)
    : Expression(line, owner, start, stop, step)
{
    /// <inheritdoc/>
    public override TemplateValue Evaluate(Renderer renderer)
    {
        var value = owner.Evaluate(renderer);
        renderer.Budget.Step();
        return Slicing.Of(
            renderer, value, start?.Evaluate(renderer), stop?.Evaluate(renderer), step?.Evaluate(renderer));
    }
}
