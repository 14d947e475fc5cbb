using System.Collections.Frozen;
using System.Numerics;
using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>Functions that every template has.</summary>
internal static class Functions
{
    private static readonly FrozenDictionary<string, FunctionValue> _byName = new[]
    {
        Function("range", Range),
        Function("dict", Dict),
        Function("namespace", Namespace),
        Function("cycler", (_, call) => call.Positional.Count > 0
            ? new CyclerValue([.. call.Positional])
            : throw TemplateException.Of("'cycler' needs at least one item.")),
        Function("joiner", Joiner),
        Function("raise_exception", Raise),
        Function("strftime_now", Now),
    }.ToFrozenDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);

    /// <summary>The function of a name, or null.</summary>
    public static TemplateValue? Find(string name) => _byName.GetValueOrDefault(name);

    private static KeyValuePair<string, FunctionValue> Function(
        string name, Func<Renderer, CallArguments, TemplateValue> body) => new(name, new FunctionValue(name, body));

    private static RangeValue Range(Renderer renderer, CallArguments call)
    {
        if (call.Named.Count > 0 || call.Positional.Count is 0 or > 3)
            throw TemplateException.Of("'range' takes (stop), (start, stop) or (start, stop, step).");
        var numbers = call.Positional.Select(BoundOf).ToList();
        var start = numbers.Count == 1 ? BigInteger.Zero : numbers[0];
        var stop = numbers.Count == 1 ? numbers[0] : numbers[1];
        var step = numbers.Count == 3 ? numbers[2] : BigInteger.One;
        if (step.IsZero) throw TemplateException.Of("the step of 'range' must not be zero.");

        var distance = step.Sign > 0 ? stop - start : start - stop;
        var count = distance.Sign <= 0 ? BigInteger.Zero : ((distance - 1) / BigInteger.Abs(step)) + 1;
        if (count > renderer.Budget.Limits.RangeItemsMax)
        {
            throw TemplateException.Of(
                $"a range of {count} numbers is too long; {renderer.Budget.Limits.RangeItemsMax} is the limit.");
        }

        return new RangeValue(start, stop, step, (int)count);
    }

    private static BigInteger BoundOf(TemplateValue value)
    {
        if (value is UndefinedValue undefined) throw undefined.Fail();
        return Numbers.AsInteger(value)
            ?? throw TemplateException.Of($"'range' needs whole numbers, not a {value.TypeName}.");
    }

    private static DictValue Dict(Renderer renderer, CallArguments call)
    {
        var map = new DictValue();
        Fill(renderer, call, "dict", map.Set);
        return map;
    }

    private static NamespaceValue Namespace(Renderer renderer, CallArguments call)
    {
        var space = new NamespaceValue();
        Fill(renderer, call, "namespace", space.Set);
        return space;
    }

    /// <summary>Takes a mapping or pairs, then arguments by name.</summary>
    private static void Fill(
        Renderer renderer, CallArguments call, string owner, Action<TemplateValue, TemplateValue> set)
    {
        if (call.Positional.Count > 1)
            throw TemplateException.Of($"'{owner}' takes one mapping and arguments by name.");
        if (call.Positional.Count == 1)
        {
            var source = call.Positional[0];
            if (source is UndefinedValue undefined) throw undefined.Fail();
            foreach (var item in source is DictValue map ? DictViewValue.Pairs(map) : Sequences.Enumerate(source))
            {
                var pair = Sequences.ToList(renderer, item);
                if (pair.Count != 2)
                    throw TemplateException.Of($"'{owner}' needs pairs; one item has {pair.Count} parts.");
                KeyComparer.Require(pair[0]);
                renderer.Budget.MakeEntries(1);
                set(pair[0], pair[1]);
            }
        }

        renderer.Budget.MakeEntries(call.Named.Count);
        foreach (var (name, value) in call.Named) set(new StringValue(name), value);
    }

    private static FunctionValue Joiner(Renderer renderer, CallArguments call)
    {
        var separator = new Signature("joiner", "sep").Bind(call)[0] ?? new StringValue(", ");
        var isUsed = false;
        return new FunctionValue("joiner", (_, _) =>
        {
            if (isUsed) return separator;
            isUsed = true;
            return StringValue.Empty;
        });
    }

    private static TemplateValue Raise(Renderer renderer, CallArguments call)
    {
        var message = new Signature("raise_exception", "message").Bind(call).Required(0);
        throw TemplateException.Raised(renderer.Line, message.ToText(renderer));
    }

    private static StringValue Now(Renderer renderer, CallArguments call)
    {
        var format = new Signature("strftime_now", "format").Bind(call).Text(0);
        return new StringValue(TimeText.Format(renderer, format, renderer.Time.GetLocalNow().DateTime));
    }
}
