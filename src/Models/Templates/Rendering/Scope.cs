namespace Minka.Models.Templates.Rendering;

/// <summary>Variables of a loop, macro or block, and of what surrounds it. Names are the parser's numbers.</summary>
internal sealed class Scope(Scope? parent)
{
    private const int FewMax = 12;

    private int[] _names = [];
    private TemplateValue?[] _values = [];
    private Dictionary<int, int>? _index;
    private int _count;

    /// <summary>The surrounding scope.</summary>
    public Scope? Parent => parent;

    /// <summary>The nearest value of a name, or null.</summary>
    public TemplateValue? Find(int name)
    {
        for (var scope = this; scope is not null; scope = scope.Parent)
        {
            var at = scope.IndexOf(name);
            if (at >= 0) return scope._values[at];
        }

        return null;
    }

    /// <summary>Whether a name has a value right here.</summary>
    public bool Has(int name) => IndexOf(name) is var at and >= 0 && _values[at] is not null;

    /// <summary>Sets a name here; null leaves it without a value, and hides the surrounding one.</summary>
    public void Set(int name, TemplateValue? value)
    {
        var at = IndexOf(name);
        if (at < 0) at = Add(name);
        _values[at] = value;
    }

    /// <summary>Forgets all names, for the next pass of a loop.</summary>
    public void Clear()
    {
        _count = 0;
        _index?.Clear();
    }

    private int IndexOf(int name)
    {
        if (_count > FewMax) return _index!.GetValueOrDefault(name, -1);
        return Array.IndexOf(_names, name, 0, _count);
    }

    private int Add(int name)
    {
        if (_count == _names.Length)
        {
            Array.Resize(ref _names, Math.Max(4, 2 * _count));
            Array.Resize(ref _values, _names.Length);
        }

        _names[_count++] = name;
        if (_count == FewMax + 1)
        {
            _index ??= [];
            for (var i = 0; i < _count - 1; i++) _index[_names[i]] = i;
        }

        if (_count > FewMax) _index![name] = _count - 1;
        return _count - 1;
    }
}
