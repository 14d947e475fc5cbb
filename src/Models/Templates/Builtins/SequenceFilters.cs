using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>Filters over lists and mappings, and those that take any value.</summary>
internal static class SequenceFilters
{
    /// <summary>The filters.</summary>
    public static IEnumerable<Filter> All =>
    [
        Filter.Of("length", (renderer, value) => IntegerValue.Of(Sequences.Length(renderer, value))),
        Filter.Of("count", (renderer, value) => IntegerValue.Of(Sequences.Length(renderer, value))),
        Filter.Of("first", (_, value) => Sequences.Enumerate(value).FirstOrDefault() ?? Empty()),
        Filter.Of("last", Last),
        Filter.Of("list", (renderer, value) => new ListValue([.. Sequences.ToList(renderer, value)])),
        Filter.Of("reverse", Reverse),
        Filter.Of("join", ["d", "attribute"], Join),
        Filter.Of("sum", ["attribute", "start"], Sum),
        Filter.Of("items", (renderer, value) => Items(renderer, value)),
        Filter.Of("batch", ["linecount", "fill_with"], Batch),
        Filter.Of("slice", ["slices", "fill_with"], Slice),
        Filter.Of("default", ["default_value", "boolean"], Default),
        Filter.Of("d", ["default_value", "boolean"], Default),
        Filter.Of("attr", ["name"], (renderer, value, a) => value is UndefinedValue undefined
            ? throw undefined.Fail()
            : value.GetAttribute(new StringValue(a.Text(0))) ?? UndefinedValue.Member(value, a.Text(0))),
    ];

    private static UndefinedValue Empty() => UndefinedValue.Because("the sequence has no item.");

    private static TemplateValue Last(Renderer renderer, TemplateValue value)
    {
        if (value is SequenceValue sequence) return sequence.Count > 0 ? sequence[sequence.Count - 1] : Empty();
        if (value is IteratorValue) throw TemplateException.Of("'last' needs a list; put '| list' before it.");
        var items = Sequences.ToList(renderer, value);
        return items.Count > 0 ? items[^1] : Empty();
    }

    private static TemplateValue Reverse(Renderer renderer, TemplateValue value)
    {
        if (value is StringValue text)
        {
            renderer.Budget.MakeText(3L * text.Text.Length);
            return text.Like(CodePoints.Join(CodePoints.Split(text.Text).Reverse()));
        }

        if (value is UndefinedValue) return new IteratorValue(renderer.Budget, []);
        var items = Sequences.ToList(renderer, value);
        var reversed = Enumerable.Range(0, items.Count).Select(i => items[items.Count - 1 - i]);
        return value is IteratorValue
            ? new ListValue([.. reversed])
            : new IteratorValue(renderer.Budget, reversed, "reversed");
    }

    private static StringValue Join(Renderer renderer, TemplateValue value, BoundArguments a)
    {
        var separator = a[0]?.ToText(renderer) ?? "";
        var path = AttributePath.Of(a[1]);
        var output = new TextBuffer(renderer.Budget);
        var isFirst = true;
        foreach (var item in Sequences.Enumerate(value))
        {
            renderer.Budget.Step();
            if (!isFirst) output.Append(separator);
            isFirst = false;
            path.Follow(renderer, item).Print(output);
        }

        return new StringValue(output.ToString());
    }

    private static TemplateValue Sum(Renderer renderer, TemplateValue value, BoundArguments a)
    {
        var path = AttributePath.Of(a[0]);
        var sum = a[1] ?? IntegerValue.Of(0);
        if (sum is StringValue) throw TemplateException.Of("'sum' does not add strings; use 'join'.");
        foreach (var item in Sequences.Enumerate(value))
        {
            renderer.Budget.Step();
            sum = Arithmetic.Apply(renderer, "+", sum, path.Follow(renderer, item));
        }

        return sum;
    }

    private static IteratorValue Items(Renderer renderer, TemplateValue value)
    {
        return new IteratorValue(renderer.Budget, Pairs());

        // What is wrong shows when the pairs are asked for, as in Jinja.
        IEnumerable<TemplateValue> Pairs()
        {
            if (value is UndefinedValue) yield break;
            if (value is not DictValue map)
                throw TemplateException.Of($"'items' needs a mapping; it got a {value.TypeName}.");
            foreach (var pair in DictViewValue.Pairs(map)) yield return pair;
        }
    }

    private static IteratorValue Batch(Renderer renderer, TemplateValue value, BoundArguments a)
    {
        var size = a.Integer(0);
        var fill = a.Given(1);
        return new IteratorValue(renderer.Budget, Rows());

        IEnumerable<TemplateValue> Rows()
        {
            var row = new List<TemplateValue>();
            foreach (var item in Sequences.Enumerate(value))
            {
                if (row.Count == size)
                {
                    yield return new ListValue([.. row]);
                    row.Clear();
                }

                renderer.Budget.MakeItems(2);
                row.Add(item);
            }

            if (row.Count == 0) yield break;
            if (fill is not null && row.Count < size)
            {
                renderer.Budget.MakeItems(2L * (size - row.Count));
                row.AddRange(Enumerable.Repeat(fill, size - row.Count));
            }

            yield return new ListValue([.. row]);
        }
    }

    private static IteratorValue Slice(Renderer renderer, TemplateValue value, BoundArguments a)
    {
        var count = a.Integer(0);
        var fill = a.Given(1);
        return new IteratorValue(renderer.Budget, Columns());

        IEnumerable<TemplateValue> Columns()
        {
            if (count == 0) throw TemplateException.Of("'slice' needs one slice at least; it was asked for none.");
            var items = Sequences.ToList(renderer, value);
            var (size, longer) = Math.DivRem(items.Count, count);
            for (int column = 0, start = 0; column < count; column++)
            {
                var length = size + (column < longer ? 1 : 0);
                renderer.Budget.MakeItems(length + 1);
                var part = items.Skip(start).Take(length);
                start += length;
                yield return new ListValue([.. fill is not null && column >= longer ? part.Append(fill) : part]);
            }
        }
    }

    private static TemplateValue Default(Renderer renderer, TemplateValue value, BoundArguments a) =>
        value is UndefinedValue || (a.Flag(1) && !value.IsTrue) ? a[0] ?? StringValue.Empty : value;
}
