using System.Globalization;
using Minka.Models.Templates.Rendering;

namespace Minka.Models.Templates.Values;

/// <summary>
/// A name, attribute or item that is not there. It prints as nothing, is false and empty; every other use is an error,
/// whose text is made only then.
/// </summary>
internal sealed class UndefinedValue : TemplateValue
{
    private readonly Func<string> _message;

    private UndefinedValue(Func<string> message) => _message = message;

    internal override string TypeName => "Undefined";

    internal override bool IsTrue => false;

    internal override int? Length => 0;

    /// <summary>A variable that is not set.</summary>
    public static UndefinedValue Variable(string name) => new(() => $"'{name}' is undefined.");

    /// <summary>An attribute or item that a value lacks.</summary>
    public static UndefinedValue Member(TemplateValue owner, string name) =>
        new(() => $"'{Describe(owner)}' has no attribute '{name}'.");

    /// <summary>An item that a value lacks.</summary>
    public static UndefinedValue Item(TemplateValue owner, TemplateValue key) =>
        key is StringValue name
            ? Member(owner, name.Text)
            : new(() => $"{Describe(owner)} has no element {Describe(key, "")}.");

    /// <summary>A method that would change a value, which templates may not.</summary>
    public static UndefinedValue Denied(TemplateValue owner, string name) =>
        new(() => $"'{name}' would change a {owner.TypeName}, which a template may not.");

    /// <summary>Something else that is not there.</summary>
    public static UndefinedValue Because(string message) => new(() => message);

    /// <summary>The error of using it.</summary>
    public TemplateException Fail() => TemplateException.Of(_message());

    internal override void Print(TextBuffer output)
    {
    }

    internal override void Represent(TextBuffer output) => output.Append("Undefined");

    internal override IEnumerable<TemplateValue> Iterate() => [];

    private static string Describe(TemplateValue value, string suffix = " object") => value switch
    {
        NoneValue => "None",
        IntegerValue number when suffix.Length == 0 => number.Value.ToString(CultureInfo.InvariantCulture),
        _ => value.TypeName + suffix,
    };
}
