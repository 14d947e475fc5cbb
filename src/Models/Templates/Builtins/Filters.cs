using System.Collections.Frozen;

namespace Minka.Models.Templates.Builtins;

/// <summary>All filters by name.</summary>
internal static class Filters
{
    private static readonly FrozenDictionary<string, Filter> _byName =
        TextFilters.All.Concat(MarkupFilters.All).Concat(NumberFilters.All).Concat(SequenceFilters.All)
            .Concat(OrderFilters.All).Concat(SelectionFilters.All)
            .ToFrozenDictionary(filter => filter.Name, StringComparer.Ordinal);

    /// <summary>The filter of a name, or null.</summary>
    public static Filter? Find(string name) => _byName.GetValueOrDefault(name);
}
