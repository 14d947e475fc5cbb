using System.Numerics;
using Minka.Models.Templates.Builtins;
using Minka.Models.Templates.Rendering;

namespace Minka.Models.Templates.Values;

/// <summary>Something with numbered items: a list, a tuple, a range.</summary>
internal abstract class SequenceValue : TemplateValue
{
    /// <summary>How many items.</summary>
    public abstract int Count { get; }

    /// <summary>The item at an index within <c>[0, Count)</c>.</summary>
    public abstract TemplateValue this[int index] { get; }

    internal override bool IsTrue => Count > 0;

    internal override int? Length => Count;

    /// <summary>The items of a slice.</summary>
    public abstract SequenceValue Slice(SliceBounds bounds);

    internal override TemplateValue? GetItem(Renderer renderer, TemplateValue key)
    {
        if (Numbers.AsInteger(key) is not { } index)
            return key is StringValue name ? GetAttribute(name) : null;
        if (index < 0) index += Count;
        return index < 0 || index >= Count ? null : this[(int)index];
    }

    internal override TemplateValue? GetAttribute(StringValue name) => ListMethods.Find(this, name);

    internal override IEnumerable<TemplateValue> Iterate()
    {
        for (var i = 0; i < Count; i++) yield return this[i];
    }

    /// <summary>Writes the items with their <c>repr</c>.</summary>
    protected void RepresentItems(TextBuffer output, string open, string close)
    {
        output.Budget.Descend();
        output.Append(open);
        for (var i = 0; i < Count; i++)
        {
            if (i > 0) output.Append(", ");
            output.Budget.Step();
            this[i].Represent(output);
        }

        output.Append(close);
    }
}

/// <summary>A list. It never changes: templates run in Jinja's immutable sandbox.</summary>
internal sealed class ListValue(TemplateValue[] items) : SequenceValue
{
    public static readonly ListValue Empty = new([]);

    public override int Count => items.Length;

    internal override string TypeName => "list";

    /// <summary>The items.</summary>
    public ReadOnlySpan<TemplateValue> Items => items;

    public override TemplateValue this[int index] => items[index];

    public override ListValue Slice(SliceBounds bounds) => new(Pick(this, bounds));

    internal override void Represent(TextBuffer output) => RepresentItems(output, "[", "]");

    /// <summary>Items of a slice.</summary>
    internal static TemplateValue[] Pick(SequenceValue from, SliceBounds bounds)
    {
        var picked = new TemplateValue[bounds.Count];
        for (var i = 0; i < picked.Length; i++) picked[i] = from[bounds.Start + (i * bounds.Step)];
        return picked;
    }
}

/// <summary>A tuple.</summary>
internal class TupleValue(params TemplateValue[] items) : SequenceValue
{
    public override int Count => items.Length;

    internal override string TypeName => "tuple";

    public override TemplateValue this[int index] => items[index];

    public override TupleValue Slice(SliceBounds bounds) => new(ListValue.Pick(this, bounds));

    internal override void Represent(TextBuffer output) => RepresentItems(output, "(", Count == 1 ? ",)" : ")");
}

/// <summary>A group of the <c>groupby</c> filter: a pair whose halves have names.</summary>
internal sealed class GroupValue(TemplateValue grouper, ListValue list) : TupleValue(grouper, list)
{
    internal override TemplateValue? GetAttribute(StringValue name) => name.Text switch
    {
        "grouper" => this[0],
        "list" => this[1],
        _ => base.GetAttribute(name),
    };
}

/// <summary>Numbers at equal distances.</summary>
internal sealed class RangeValue(BigInteger start, BigInteger stop, BigInteger step, int count) : SequenceValue
{
    public override int Count => count;

    internal override string TypeName => "range";

    public override TemplateValue this[int index] => IntegerValue.Of(start + (index * step));

    public override RangeValue Slice(SliceBounds bounds) => new(
        start + (bounds.Start * step), start + (bounds.Stop * step), step * bounds.Step, bounds.Count);

    internal override TemplateValue? GetAttribute(StringValue name) => name.Text switch
    {
        "start" => IntegerValue.Of(start),
        "stop" => IntegerValue.Of(stop),
        "step" => IntegerValue.Of(step),
        _ => base.GetAttribute(name),
    };

    internal override void Represent(TextBuffer output)
    {
        output.Append(step.IsOne ? $"range({start}, {stop})" : $"range({start}, {stop}, {step})");
    }
}
