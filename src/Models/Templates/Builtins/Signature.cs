using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>Parameter names of a built-in, to which a call's arguments are matched as Python does.</summary>
/// <param name="owner">The filter, test or function, for messages.</param>
/// <param name="names">Parameters in order.</param>
internal sealed class Signature(string owner, params string[] names)
{
    /// <summary>Matches the arguments of a call.</summary>
    /// <exception cref="TemplateException">Too many arguments, an unknown name, or one given twice.</exception>
    public BoundArguments Bind(CallArguments call)
    {
        if (call.Positional.Count > names.Length)
        {
            throw TemplateException.Of(
                $"'{owner}' takes {names.Length} arguments at most; it got {call.Positional.Count}.");
        }

        var values = new TemplateValue?[names.Length];
        for (var i = 0; i < call.Positional.Count; i++) values[i] = call.Positional[i];
        foreach (var (name, value) in call.Named)
        {
            var at = Array.IndexOf(names, name);
            if (at < 0) throw TemplateException.Of($"'{owner}' has no argument '{name}'.");
            if (values[at] is not null) throw TemplateException.Of($"'{owner}' got its argument '{name}' twice.");
            values[at] = value;
        }

        return new BoundArguments(owner, names, values);
    }
}

/// <summary>Arguments of a built-in in the order of its parameters; one that was not given is null.</summary>
internal readonly struct BoundArguments(string owner, string[] names, TemplateValue?[] values)
{
    /// <summary>The argument, or null.</summary>
    public TemplateValue? this[int index] => values[index];

    /// <summary>The argument, which must be there.</summary>
    public TemplateValue Required(int index) =>
        values[index] ?? throw TemplateException.Of($"'{owner}' needs its argument '{names[index]}'.");

    /// <summary>The argument, or null where it is absent or None.</summary>
    public TemplateValue? Given(int index) => values[index] is NoneValue ? null : values[index];

    /// <summary>The argument as a string.</summary>
    public string Text(int index) => AsText(index, Required(index));

    /// <summary>The argument as a string; null where it is absent or None.</summary>
    public string? OptionalText(int index) => Given(index) is { } value ? AsText(index, value) : null;

    /// <summary>The argument as a whole number, which must be there.</summary>
    public int Integer(int index) => Numbers.Clamp(Required(index), $"the argument '{names[index]}' of '{owner}'");

    /// <summary>The argument as a whole number, or a standard where it is absent.</summary>
    public int Integer(int index, int otherwise) => values[index] is null ? otherwise : Integer(index);

    /// <summary>Whether the argument is true; false where it is absent.</summary>
    public bool Flag(int index, bool otherwise = false) => values[index]?.IsTrue ?? otherwise;

    private string AsText(int index, TemplateValue value) => value switch
    {
        StringValue text => text.Text,
        UndefinedValue undefined => throw undefined.Fail(),
        _ => throw TemplateException.Of(
            $"the argument '{names[index]}' of '{owner}' must be a string; it is of type {value.TypeName}."),
    };
}
