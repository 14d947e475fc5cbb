namespace Minka.Models.Templates.Values;

/// <summary>
/// Equality of keys. What may be a key is narrow enough that comparing two costs little: tuples hold at most a few
/// scalars. Python allows more; no chat template needs it.
/// </summary>
internal sealed class KeyComparer : IEqualityComparer<TemplateValue>
{
    private const int TupleItemsMax = 8;

    public static readonly KeyComparer Instance = new();

    /// <summary>Whether a value may be a key.</summary>
    public static bool IsKey(TemplateValue value) =>
        value is TupleValue tuple ? tuple.Count <= TupleItemsMax && tuple.Iterate().All(IsScalar) : IsScalar(value);

    /// <summary>Refuses a value that may not be a key.</summary>
    public static void Require(TemplateValue value)
    {
        if (!IsKey(value))
            throw TemplateException.Of($"a {value.TypeName} cannot be a key; use a string, a number or a short tuple.");
    }

    /// <inheritdoc/>
    public bool Equals(TemplateValue? x, TemplateValue? y) => ReferenceEquals(x, y) || (x, y) switch
    {
        (StringValue a, StringValue b) => a.Text == b.Text,
        (IntegerValue or BoolValue or FloatValue, IntegerValue or BoolValue or FloatValue) =>
            Numbers.Compare(x, y) == 0,
        (TupleValue a, TupleValue b) => a.Count == b.Count && a.Iterate().SequenceEqual(b.Iterate(), this),
        (UndefinedValue, UndefinedValue) => true,
        _ => false,
    };

    /// <inheritdoc/>
    public int GetHashCode(TemplateValue value) => value switch
    {
        StringValue text => text.Hash,
        IntegerValue or BoolValue or FloatValue => Numbers.Hash(value),
        TupleValue tuple => tuple.Iterate().Aggregate(0, (hash, item) => HashCode.Combine(hash, GetHashCode(item))),
        UndefinedValue => 1,
        _ => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(value),
    };

    private static bool IsScalar(TemplateValue value) =>
        value is not (SequenceValue and not RangeValue) and not DictValue and not DictViewValue;
}
