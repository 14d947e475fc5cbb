using Minka.Models.Templates.Builtins;
using Minka.Models.Templates.Rendering;

namespace Minka.Models.Templates.Values;

/// <summary>The variable <c>loop</c>: where a loop stands.</summary>
/// <param name="items">What it walks; one item ahead at most.</param>
/// <param name="count">How many items, where that is known before.</param>
/// <param name="depth">Loops of a recursive loop around it.</param>
/// <param name="recurse">Renders the loop over other items; null when it is not recursive.</param>
internal sealed class LoopValue(
    IEnumerable<TemplateValue> items, int? count, int depth, Func<TemplateValue, TemplateValue>? recurse)
    : CallableValue
{
    private IEnumerator<TemplateValue> _items = items.GetEnumerator();
    private int _index = -1;
    private int? _count = count;
    private TemplateValue? _previous;
    private TemplateValue? _current;
    private TemplateValue? _next;
    private CallArguments? _lastChanged;

    /// <summary>The item of this pass.</summary>
    public TemplateValue Current => _current!;

    internal override string TypeName => "LoopContext";

    internal override int? Length => Count();

    /// <summary>Goes to the next item; false at the end.</summary>
    public bool MoveNext()
    {
        var item = Peek();
        if (item is null) return false;
        (_previous, _current, _next) = (_current, item, null);
        _index++;
        return true;
    }

    /// <inheritdoc/>
    public override TemplateValue Call(Renderer renderer, CallArguments arguments)
    {
        if (recurse is null) throw TemplateException.Of("only a loop marked 'recursive' can be called.");
        return recurse(new Signature("loop", "iterable").Bind(arguments).Required(0));
    }

    internal override TemplateValue? GetAttribute(StringValue name) => name.Text switch
    {
        "index" => IntegerValue.Of(_index + 1),
        "index0" => IntegerValue.Of(_index),
        "revindex" => IntegerValue.Of(Count() - _index),
        "revindex0" => IntegerValue.Of(Count() - _index - 1),
        "length" => IntegerValue.Of(Count()),
        "first" => BoolValue.Of(_index == 0),
        "last" => BoolValue.Of(Peek() is null),
        "previtem" => _previous ?? UndefinedValue.Because("there is no item before the first."),
        "nextitem" => Peek() ?? UndefinedValue.Because("there is no item after the last."),
        "depth" => IntegerValue.Of(depth + 1),
        "depth0" => IntegerValue.Of(depth),
        "cycle" => new FunctionValue("cycle", (_, arguments) => Cycle(arguments)),
        "changed" => new FunctionValue("changed", (renderer, arguments) => Changed(renderer, arguments)),
        _ => null,
    };

    internal override void Represent(TextBuffer output) => output.Append($"<LoopContext {_index + 1}/{Count()}>");

    private TemplateValue? Peek() => _next ??= _items.MoveNext() ? _items.Current : null;

    /// <summary>How many items; where that is not known, the rest is fetched now.</summary>
    private int Count()
    {
        if (_count is { } known) return known;
        var rest = new List<TemplateValue>();
        while (_items.MoveNext()) rest.Add(_items.Current);
        _items = rest.GetEnumerator();
        _count = _index + 1 + (_next is null ? 0 : 1) + rest.Count;
        return _count.Value;
    }

    private TemplateValue Cycle(CallArguments arguments) => arguments.Positional.Count > 0
        ? arguments.Positional[_index % arguments.Positional.Count]
        : throw TemplateException.Of("'cycle' needs at least one argument.");

    private BoolValue Changed(Renderer renderer, CallArguments arguments)
    {
        var isSame = _lastChanged is not null && Comparison.AreEqual(
            renderer, new TupleValue([.. _lastChanged.Positional]), new TupleValue([.. arguments.Positional]));
        if (!isSame) _lastChanged = arguments;
        return BoolValue.Of(!isSame);
    }
}
