using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Nodes;

/// <summary>What can be assigned to.</summary>
internal abstract class Target
{
    /// <summary>Assigns a value in the present scope.</summary>
    public abstract void Assign(Renderer renderer, TemplateValue value);
}

/// <summary>A variable.</summary>
internal sealed class NameTarget(int id) : Target
{
    /// <inheritdoc/>
    public override void Assign(Renderer renderer, TemplateValue value) => renderer.Scope.Set(id, value);
}

/// <summary><c>ns.name</c>, an attribute of a namespace.</summary>
internal sealed class AttributeTarget(string owner, int ownerId, string name) : Target
{
    private readonly StringValue _name = new(name);

    /// <inheritdoc/>
    public override void Assign(Renderer renderer, TemplateValue value)
    {
        if (renderer.Find(ownerId) is not NamespaceValue target)
        {
            throw TemplateException.Of(
                $"'{owner}.{name}' cannot be set, because '{owner}' is no namespace; make it with namespace().");
        }

        renderer.Budget.MakeEntries(1);
        target.Set(_name, value);
    }
}

/// <summary><c>a, b</c>: takes a sequence apart.</summary>
internal sealed class TupleTarget(Target[] targets) : Target
{
    /// <inheritdoc/>
    public override void Assign(Renderer renderer, TemplateValue value)
    {
        var items = Sequences.ToList(renderer, value);
        if (items.Count != targets.Length)
        {
            throw TemplateException.Of(
                $"{items.Count} values cannot be taken apart into {targets.Length} names.");
        }

        for (var i = 0; i < targets.Length; i++) targets[i].Assign(renderer, items[i]);
    }
}
