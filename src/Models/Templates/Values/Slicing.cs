using System.Numerics;
using Minka.Models.Templates.Rendering;

namespace Minka.Models.Templates.Values;

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
        var length = value.Length!.Value;
        var (first, count) = Resolve(length, Bound(start), Bound(stop), stride);
        var distance = (int)BigInteger.Clamp(stride, -length - 1, length + 1);
        if (value is SequenceValue sequence)
        {
            if (sequence is not RangeValue) renderer.Budget.MakeItems(count);
            return sequence.Slice(first, distance, count);
        }

        return Slice(renderer, (StringValue)value, first, distance, count);
    }

    private static StringValue Slice(Renderer renderer, StringValue value, int first, int step, int count)
    {
        renderer.Budget.Scan(value.Text.Length);
        renderer.Budget.MakeText(step == 1 ? Math.Min(value.Text.Length, 2L * count) : 2L * value.Text.Length);
        if (count == 0) return value.Like("");
        if (step == 1) return value.Like(CodePoints.Slice(value.Text, first, count));
        var codes = CodePoints.Split(value.Text);
        return value.Like(CodePoints.Join(Enumerable.Range(0, count).Select(i => codes[first + (i * step)])));
    }

    /// <summary>The first index and the number of items.</summary>
    private static (int First, int Count) Resolve(int length, BigInteger? start, BigInteger? stop, BigInteger step)
    {
        var (low, high) = step.Sign > 0 ? (0, length) : (-1, length - 1);
        var first = Place(start, length, low, high) ?? (step.Sign > 0 ? low : high);
        var end = Place(stop, length, low, high) ?? (step.Sign > 0 ? high : low);
        var distance = step.Sign > 0 ? end - first : first - end;
        if (distance <= 0) return (0, 0);
        return (first, (int)(((distance - 1) / BigInteger.Abs(step)) + 1));
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
