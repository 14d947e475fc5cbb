using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>Filters that order, compare and group items.</summary>
internal static class OrderFilters
{
    /// <summary>The filters.</summary>
    public static IEnumerable<Filter> All =>
    [
        Filter.Of("sort", ["reverse", "case_sensitive", "attribute"], Sort),
        Filter.Of("dictsort", ["case_sensitive", "by", "reverse"], SortMap),
        Filter.Of("unique", ["case_sensitive", "attribute"], Unique),
        Filter.Of("min", ["case_sensitive", "attribute"], (renderer, value, a) => Extreme(renderer, value, a, -1)),
        Filter.Of("max", ["case_sensitive", "attribute"], (renderer, value, a) => Extreme(renderer, value, a, 1)),
        Filter.Of("groupby", ["attribute", "default", "case_sensitive"], GroupBy),
    ];

    private static ListValue Sort(Renderer renderer, TemplateValue value, BoundArguments a)
    {
        var paths = AttributePath.ListOf(a[2]);
        var isCaseSensitive = a.Flag(1);
        TemplateValue[] items = [.. Sequences.ToList(renderer, value)];
        return new ListValue(Ordering.Sort(renderer, items, KeyOf, a.Flag(0)));

        TemplateValue KeyOf(TemplateValue item)
        {
            renderer.Budget.MakeItems(paths.Length);
            return new TupleValue([.. paths.Select(path => path.FollowToKey(renderer, item, isCaseSensitive))]);
        }
    }

    private static ListValue SortMap(Renderer renderer, TemplateValue value, BoundArguments a)
    {
        if (value is not DictValue map)
            throw TemplateException.Of($"'dictsort' needs a mapping; it got a {value.TypeName}.");
        var by = a[1] is null ? "key" : a.Text(1);
        if (by is not ("key" or "value"))
            throw TemplateException.Of($"'dictsort' sorts by key or value, not by '{by}'.");
        var whole = AttributePath.Of(null);
        var isCaseSensitive = a.Flag(0);
        var sorted = Ordering.Sort(
            renderer,
            [.. map.Entries],
            entry => whole.FollowToKey(renderer, by == "key" ? entry.Key : entry.Value, isCaseSensitive),
            a.Flag(2));
        return new ListValue([.. sorted.Select(entry => (TemplateValue)new TupleValue(entry.Key, entry.Value))]);
    }

    private static IteratorValue Unique(Renderer renderer, TemplateValue value, BoundArguments a)
    {
        var path = AttributePath.Of(a[1]);
        var isCaseSensitive = a.Flag(0);
        return new IteratorValue(renderer.Budget, Items());

        IEnumerable<TemplateValue> Items()
        {
            var seen = new HashSet<TemplateValue>(KeyComparer.Instance);
            foreach (var item in Sequences.Enumerate(value))
            {
                var key = path.FollowToKey(renderer, item, isCaseSensitive);
                KeyComparer.Require(key);
                if (key is StringValue text) renderer.Budget.Scan(text.Text.Length);
                renderer.Budget.MakeEntries(1);
                if (seen.Add(key)) yield return item;
            }
        }
    }

    private static TemplateValue Extreme(Renderer renderer, TemplateValue value, BoundArguments a, int sign)
    {
        var path = AttributePath.Of(a[1]);
        TemplateValue? best = null, bestKey = null;
        foreach (var item in Sequences.Enumerate(value))
        {
            var key = path.FollowToKey(renderer, item, a.Flag(0));
            if (bestKey is not null && !(Comparison.Order(renderer, key, bestKey) * sign > 0)) continue;
            (best, bestKey) = (item, key);
        }

        return best ?? UndefinedValue.Because("the sequence has no item.");
    }

    private static ListValue GroupBy(Renderer renderer, TemplateValue value, BoundArguments a)
    {
        var path = AttributePath.Of(a.Required(0));
        var isCaseSensitive = a.Flag(2);
        var otherwise = a.Given(1);
        TemplateValue[] items = [.. Sequences.ToList(renderer, value)];
        var sorted = Ordering.Sort(renderer, items, KeyOf, isReversed: false);
        renderer.Budget.MakeItems(2L * sorted.Length);

        var groups = new List<TemplateValue>();
        for (var start = 0; start < sorted.Length;)
        {
            var key = KeyOf(sorted[start]);
            var end = start + 1;
            while (end < sorted.Length && Comparison.AreEqual(renderer, KeyOf(sorted[end]), key)) end++;
            var grouper = isCaseSensitive ? key : path.Follow(renderer, sorted[start], otherwise);
            groups.Add(new GroupValue(grouper, new ListValue(sorted[start..end])));
            start = end;
        }

        return new ListValue([.. groups]);

        TemplateValue KeyOf(TemplateValue item) => path.FollowToKey(renderer, item, isCaseSensitive, otherwise);
    }
}
