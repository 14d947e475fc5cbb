namespace Minka.Models.Templates.Builtins;

/// <summary>What a call passes.</summary>
/// <param name="Positional">Arguments by place.</param>
/// <param name="Named">Arguments by name.</param>
internal sealed record CallArguments(
    IReadOnlyList<TemplateValue> Positional, IReadOnlyList<KeyValuePair<string, TemplateValue>> Named)
{
    /// <summary>A call with empty brackets.</summary>
    public static readonly CallArguments None = new([], []);

    /// <summary>The named argument, or null.</summary>
    public TemplateValue? Find(string name)
    {
        foreach (var (key, value) in Named)
            if (key == name) return value;
        return null;
    }

    /// <summary>The same without the first arguments by place.</summary>
    public CallArguments Skip(int count) => new([.. Positional.Skip(count)], Named);
}
