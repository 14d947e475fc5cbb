namespace Minka.Models.Templates.Syntax;

/// <summary>
/// The names of a template: their numbers, which of them it takes from outside, and what else it mentions. Filled while
/// parsing; what counts as set before follows Jinja (a branch of an <c>if</c> sets a name only if all branches do).
/// </summary>
internal sealed class TemplateSymbols
{
    private static readonly string[] _macroSpecials = ["caller", "varargs", "kwargs"];

    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly List<HashSet<string>> _declared = [[]];
    private readonly Stack<HashSet<string>> _macroReads = new();
    private readonly HashSet<string> _free = new(StringComparer.Ordinal);
    private readonly HashSet<string> _mentioned = new(StringComparer.Ordinal);

    /// <summary>Numbers by name.</summary>
    public IReadOnlyDictionary<string, int> Ids => _ids;

    /// <summary>Variables read before the template sets them.</summary>
    public IReadOnlySet<string> Free => _free;

    /// <summary>Variables, attributes and whole string literals.</summary>
    public IReadOnlySet<string> Mentioned => _mentioned;

    /// <summary>The number of a name.</summary>
    public int IdOf(string name)
    {
        if (!_ids.TryGetValue(name, out var id)) _ids[name] = id = _ids.Count;
        return id;
    }

    /// <summary>Notes that a variable is read; returns its number.</summary>
    public int Read(string name)
    {
        _mentioned.Add(name);
        if (_macroSpecials.Contains(name))
            foreach (var reads in _macroReads) reads.Add(name);
        if (!_declared.Exists(names => names.Contains(name))) _free.Add(name);
        return IdOf(name);
    }

    /// <summary>Notes an attribute or a string literal.</summary>
    public void Mention(string text) => _mentioned.Add(text);

    /// <summary>Notes that a variable is set in the innermost scope; returns its number.</summary>
    public int Declare(string name)
    {
        _declared[^1].Add(name);
        return IdOf(name);
    }

    /// <summary>Opens a scope.</summary>
    public void OpenScope() => _declared.Add([]);

    /// <summary>Closes the innermost scope; returns what it declared.</summary>
    public HashSet<string> CloseScope()
    {
        var names = _declared[^1];
        _declared.RemoveAt(_declared.Count - 1);
        return names;
    }

    /// <summary>Takes over what all branches of an <c>if</c> declare.</summary>
    public void Join(IReadOnlyList<HashSet<string>> branches, bool hasElse)
    {
        if (!hasElse) return;
        _declared[^1].UnionWith(branches[0].Where(name => branches.All(branch => branch.Contains(name))));
    }

    /// <summary>Starts to note which of <c>caller</c>, <c>varargs</c>, <c>kwargs</c> a macro's body reads.</summary>
    public void OpenMacro() => _macroReads.Push([]);

    /// <summary>Which of them it read.</summary>
    public HashSet<string> CloseMacro() => _macroReads.Pop();
}
