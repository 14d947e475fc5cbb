using Minka.Models.Templates.Rendering;

namespace Minka.Models.Templates.Values;

/// <summary>Equality, order and membership as in Python.</summary>
internal static class Comparison
{
    /// <summary>Python's <c>==</c>.</summary>
    public static bool AreEqual(Renderer renderer, TemplateValue a, TemplateValue b)
    {
        if (ReferenceEquals(a, b)) return a is not FloatValue { Value: double.NaN };
        switch (a, b)
        {
            case (StringValue x, StringValue y):
                if (x.Text.Length != y.Text.Length) return false;
                renderer.Budget.Scan(x.Text.Length);
                return x.Text == y.Text;
            case (IntegerValue or BoolValue or FloatValue, IntegerValue or BoolValue or FloatValue):
                return Numbers.Compare(a, b) == 0;
            case (ListValue x, ListValue y): return AreEqual(renderer, x, y);
            case (TupleValue x, TupleValue y): return AreEqual(renderer, x, y);
            case (RangeValue x, RangeValue y): return AreEqual(renderer, x, y);
            case (DictValue x, DictValue y): return AreEqual(renderer, x, y);
            default: return a is UndefinedValue && b is UndefinedValue;
        }
    }

    /// <summary>Python's order of two values, as -1, 0 or 1; null when one is NaN.</summary>
    /// <exception cref="TemplateException">Values of these types have no order.</exception>
    public static int? Order(Renderer renderer, TemplateValue a, TemplateValue b)
    {
        renderer.Budget.Step();
        switch (a, b)
        {
            case (StringValue x, StringValue y):
                renderer.Budget.Scan(Math.Min(x.Text.Length, y.Text.Length));
                return CodePoints.Compare(x.Text, y.Text);
            case (IntegerValue or BoolValue or FloatValue, IntegerValue or BoolValue or FloatValue):
                return Numbers.Compare(a, b);
            case (ListValue x, ListValue y): return Order(renderer, x, y);
            case (TupleValue x, TupleValue y): return Order(renderer, x, y);
            case (UndefinedValue x, _): throw x.Fail();
            case (_, UndefinedValue y): throw y.Fail();
            default:
                throw TemplateException.Of(
                    $"a {a.TypeName} and a {b.TypeName} have no order; compare two numbers or two strings.");
        }
    }

    /// <summary>Python's <c>item in container</c>.</summary>
    public static bool Contains(Renderer renderer, TemplateValue container, TemplateValue item)
    {
        switch (container)
        {
            case StringValue text when item is StringValue part:
                return TextSearch.IndexOf(renderer, text.Text, part.Text) >= 0;
            case StringValue:
                throw TemplateException.Of($"only a string can be in a string; this is of type {item.TypeName}.");
            case DictValue map: return map.Find(renderer, item) is not null;
        }

        var items = container.Iterate() ?? throw TemplateException.Of(
            $"'in' needs a string, a list or a mapping on its right; this is of type {container.TypeName}.");
        foreach (var candidate in items)
        {
            renderer.Budget.Step();
            if (AreEqual(renderer, candidate, item)) return true;
        }

        return false;
    }

    private static bool AreEqual(Renderer renderer, SequenceValue a, SequenceValue b)
    {
        if (a.Count != b.Count) return false;
        renderer.Budget.Descend();
        for (var i = 0; i < a.Count; i++)
        {
            renderer.Budget.Step();
            if (!AreEqual(renderer, a[i], b[i])) return false;
        }

        return true;
    }

    private static bool AreEqual(Renderer renderer, DictValue a, DictValue b)
    {
        if (a.Count != b.Count) return false;
        renderer.Budget.Descend();
        foreach (var (key, value) in a.Entries)
        {
            renderer.Budget.Step();
            if (b.Find(renderer, key) is not { } other || !AreEqual(renderer, value, other)) return false;
        }

        return true;
    }

    private static int? Order(Renderer renderer, SequenceValue a, SequenceValue b)
    {
        renderer.Budget.Descend();
        for (var i = 0; i < Math.Min(a.Count, b.Count); i++)
        {
            renderer.Budget.Step();
            if (!AreEqual(renderer, a[i], b[i])) return Order(renderer, a[i], b[i]);
        }

        return a.Count.CompareTo(b.Count);
    }
}
