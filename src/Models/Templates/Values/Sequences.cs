using Minka.Models.Templates.Rendering;

namespace Minka.Models.Templates.Values;

/// <summary>Values as sequences of items.</summary>
internal static class Sequences
{
    /// <summary>Python's <c>iter</c>.</summary>
    /// <exception cref="TemplateException">The value has no items.</exception>
    public static IEnumerable<TemplateValue> Enumerate(TemplateValue value) => value.Iterate()
        ?? throw TemplateException.Of($"a {value.TypeName} has no items to go through.");

    /// <summary>Python's <c>list</c>; each item is charged.</summary>
    public static IReadOnlyList<TemplateValue> ToList(Renderer renderer, TemplateValue value)
    {
        var items = new List<TemplateValue>(Math.Min(value.Length ?? 0, 1024));
        foreach (var item in Enumerate(value))
        {
            renderer.Budget.MakeItems(1);
            items.Add(item);
        }

        return items;
    }

    /// <summary>Python's <c>len</c>.</summary>
    /// <exception cref="TemplateException">The value has no length.</exception>
    public static int Length(Renderer renderer, TemplateValue value)
    {
        if (value is StringValue text) renderer.Budget.Scan(text.Text.Length);
        return value.Length ?? throw TemplateException.Of($"a {value.TypeName} has no length.");
    }
}
