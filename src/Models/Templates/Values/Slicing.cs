using System.Numerics;
using Minka.Models.Templates.Rendering;

namespace Minka.Models.Templates.Values;

/// <summary>A slice brought within a length.</summary>
/// <param name="Start">Index of the first item.</param>
/// <param name="Stop">Where it ends, not included; -1 is before the first item.</param>
/// <param name="Step">From one item to the next.</param>
/// <param name="Count">How many items.</param>
internal readonly record struct SliceBounds(int Start, int Stop, int Step, int Count);

/// <summary>Python's <c>value[start:stop:step]</c>.</summary>
internal static class Slicing
{
    /// <summary>The slice of a string, a list, a tuple or a range; a bound that is null or None is open.</summary>
    /// <exception cref="TemplateException">The value has no slices, or a bound is no whole number.</exception>
    public static TemplateValue Of(
        Renderer renderer, TemplateValue value, TemplateValue? start, TemplateValue? stop, TemplateValue? step)
    {
        if (value is UndefinedValue undefined) throw undefined.Fail();
        if (value is not (StringValue or SequenceValue))
            throw TemplateException.Of($"a {value.TypeName} has no slices; slice a string or a list.");

        var stride = Bound(step) ?? BigInteger.One;
        if (stride.IsZero) throw TemplateException.Of("the step of a slice must not be zero.");
        var bounds = Resolve(value.Length!.Value, Bound(start), Bound(stop), stride);
        if (value is not SequenceValue sequence) return Slice(renderer, (StringValue)value, bounds);
        if (sequence is not RangeValue) renderer.Budget.MakeItems(bounds.Count);
        return sequence.Slice(bounds);
    }

    private static StringValue Slice(Renderer renderer, StringValue value, SliceBounds bounds)
    {
        var length = value.Text.Length;
        renderer.Budget.Scan(length);
        renderer.Budget.MakeText(bounds.Step == 1 ? Math.Min(length, 2L * bounds.Count) : 2L * length);
        if (bounds.Count == 0) return value.Like("");
        if (bounds.Step == 1) return value.Like(CodePoints.Slice(value.Text, bounds.Start, bounds.Count));
        var codes = CodePoints.Split(value.Text);
        var picked = Enumerable.Range(0, bounds.Count).Select(i => codes[bounds.Start + (i * bounds.Step)]);
        return value.Like(CodePoints.Join(picked));
    }

    private static SliceBounds Resolve(int length, BigInteger? start, BigInteger? stop, BigInteger step)
    {
        var (low, high) = step.Sign > 0 ? (0, length) : (-1, length - 1);
        var first = Place(start, length, low, high) ?? (step.Sign > 0 ? low : high);
        var end = Place(stop, length, low, high) ?? (step.Sign > 0 ? high : low);
        var distance = step.Sign > 0 ? end - first : first - end;
        var count = distance <= 0 ? BigInteger.Zero : ((distance - 1) / BigInteger.Abs(step)) + 1;
        return new SliceBounds(first, end, (int)BigInteger.Clamp(step, -length - 1, length + 1), (int)count);
    }

    private static int? Place(BigInteger? index, int length, int low, int high)
    {
        if (index is not { } at) return null;
        return (int)BigInteger.Clamp(at.Sign < 0 ? at + length : at, low, high);
    }

    private static BigInteger? Bound(TemplateValue? value)
    {
        if (value is null or NoneValue) return null;
        if (value is UndefinedValue undefined) throw undefined.Fail();
        return Numbers.AsInteger(value) ?? throw TemplateException.Of(
            $"the bounds of a slice must be whole numbers; one is of type {value.TypeName}.");
    }
}
