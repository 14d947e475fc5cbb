using Minka.Models.Templates.Builtins;
using Minka.Models.Templates.Rendering;

namespace Minka.Models.Templates.Values;

/// <summary>A mapping that keeps its keys in order. It changes only while it is being made.</summary>
internal sealed class DictValue : TemplateValue
{
    private readonly OrderedDictionary<TemplateValue, TemplateValue> _entries = new(KeyComparer.Instance);

    /// <summary>How many keys.</summary>
    public int Count => _entries.Count;

    /// <summary>Keys and values in order.</summary>
    public OrderedDictionary<TemplateValue, TemplateValue> Entries => _entries;

    internal override string TypeName => "dict";

    internal override bool IsTrue => Count > 0;

    internal override int? Length => Count;

    /// <summary>Sets a key; a key that is there already keeps its place. The caller has charged the entry.</summary>
    public void Set(TemplateValue key, TemplateValue value) => _entries[key] = value;

    /// <summary>The value of a key, or null.</summary>
    /// <exception cref="TemplateException">The key is of a type that cannot be one.</exception>
    public TemplateValue? Find(Renderer renderer, TemplateValue key)
    {
        if (key is StringValue text) renderer.Budget.Scan(text.Text.Length);
        else KeyComparer.Require(key);
        return _entries.GetValueOrDefault(key);
    }

    internal override TemplateValue? GetItem(Renderer renderer, TemplateValue key)
    {
        if (key is StringValue name) return Find(renderer, key) ?? GetAttribute(name);
        return KeyComparer.IsKey(key) ? Find(renderer, key) : null;
    }

    internal override TemplateValue? GetAttribute(StringValue name) => DictMethods.Find(this, name);

    internal override IEnumerable<TemplateValue> Iterate() => _entries.Keys;

    internal override void Represent(TextBuffer output)
    {
        output.Budget.Descend();
        output.Append('{');
        var isFirst = true;
        foreach (var (key, value) in _entries)
        {
            if (!isFirst) output.Append(", ");
            isFirst = false;
            output.Budget.Step();
            key.Represent(output);
            output.Append(": ");
            value.Represent(output);
        }

        output.Append('}');
    }
}

/// <summary>What <c>items()</c>, <c>keys()</c> and <c>values()</c> return.</summary>
/// <param name="map">The mapping looked at.</param>
/// <param name="name">items, keys or values.</param>
internal sealed class DictViewValue(DictValue map, string name) : TemplateValue
{
    internal override string TypeName => "dict_" + name;

    internal override bool IsTrue => map.Count > 0;

    internal override int? Length => map.Count;

    internal override IEnumerable<TemplateValue> Iterate() => name switch
    {
        "keys" => map.Entries.Keys,
        "values" => map.Entries.Values,
        _ => Pairs(map),
    };

    /// <summary>Keys and values as tuples.</summary>
    public static IEnumerable<TemplateValue> Pairs(DictValue map) =>
        map.Entries.Select(entry => new TupleValue(entry.Key, entry.Value));

    internal override void Represent(TextBuffer output)
    {
        output.Append(TypeName);
        output.Append('(');
        new ListValue([.. Iterate()]).Represent(output);
        output.Append(')');
    }
}
