using System.Globalization;
using System.Numerics;
using Minka.Models.Templates.Rendering;

namespace Minka.Models.Templates.Values;

/// <summary>Python's None.</summary>
internal sealed class NoneValue : TemplateValue
{
    public static readonly NoneValue Instance = new();

    internal override string TypeName => "NoneType";

    internal override bool IsTrue => false;

    internal override void Represent(TextBuffer output) => output.Append("None");
}

/// <summary>True or False, which are 1 and 0 to arithmetic.</summary>
internal sealed class BoolValue : TemplateValue
{
    public static readonly BoolValue True = new(true);
    public static readonly BoolValue False = new(false);

    private BoolValue(bool value) => Value = value;

    public bool Value { get; }

    internal override string TypeName => "bool";

    internal override bool IsTrue => Value;

    public static BoolValue Of(bool value) => value ? True : False;

    internal override void Represent(TextBuffer output) => output.Append(Value ? "True" : "False");
}

/// <summary>A whole number.</summary>
internal sealed class IntegerValue : TemplateValue
{
    private const int SmallMin = -16;
    private const int SmallMax = 1024;

    private static readonly IntegerValue[] _small =
        [.. Enumerable.Range(SmallMin, SmallMax - SmallMin + 1).Select(i => new IntegerValue(i))];

    private string? _text;

    private IntegerValue(BigInteger value) => Value = value;

    public BigInteger Value { get; }

    internal override string TypeName => "int";

    internal override bool IsTrue => !Value.IsZero;

    public static IntegerValue Of(BigInteger value) =>
        value >= SmallMin && value <= SmallMax ? _small[(int)value - SmallMin] : new IntegerValue(value);

    internal override void Represent(TextBuffer output) =>
        output.Append(_text ??= Value.ToString(CultureInfo.InvariantCulture));
}

/// <summary>A double.</summary>
internal sealed class FloatValue(double value) : TemplateValue
{
    public double Value => value;

    internal override string TypeName => "float";

    internal override bool IsTrue => value != 0;

    internal override void Represent(TextBuffer output) => output.Append(FloatText.Of(value));
}
