using System.Collections.Frozen;
using System.Text;
using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>A method of strings.</summary>
/// <param name="Name">How a template calls it.</param>
/// <param name="Body">What it does for an owner and arguments.</param>
internal sealed record StringMethod(string Name, Func<Renderer, StringValue, CallArguments, TemplateValue> Body);

/// <summary>All methods of strings by name.</summary>
internal static class StringMethods
{
    private static readonly FrozenDictionary<string, StringMethod> _byName =
        Cases().Concat(Kinds()).Concat(Edges()).Concat(Parts()).Concat(Searches()).Concat(Layouts()).Concat(Formats())
            .ToFrozenDictionary(method => method.Name, StringComparer.Ordinal);

    /// <summary>The method of a string, bound to it, or null.</summary>
    public static TemplateValue? Find(StringValue owner, StringValue name)
    {
        if (!_byName.TryGetValue(name.Text, out var method)) return null;
        return new FunctionValue(name.Text, (renderer, call) =>
        {
            renderer.Budget.Scan(owner.Text.Length);
            return method.Body(renderer, owner, call);
        });
    }

    private static StringMethod Method(
        string name, string[] parameters, Func<Renderer, StringValue, BoundArguments, TemplateValue> body)
    {
        var signature = new Signature(name, parameters);
        return new StringMethod(name, (renderer, owner, call) => body(renderer, owner, signature.Bind(call)));
    }

    private static IEnumerable<StringMethod> Cases() =>
    [
        Mapping("upper", CharText.Upper),
        Mapping("lower", CharText.Lower),
        Mapping("capitalize", CharText.Capitalize),
        Mapping("title", CharText.Title),
        Mapping("swapcase", CharText.SwapCase),
        Mapping("casefold", CharText.Fold),
    ];

    private static StringMethod Mapping(
        string name, Func<string, string> map) => Method(name, [], (renderer, owner, _) =>
    {
        renderer.Budget.MakeText(2L * owner.Text.Length);
        return owner.Like(map(owner.Text));
    });

    private static IEnumerable<StringMethod> Kinds() =>
    [
        Question("isalpha", text => CharText.IsAll(text, Rune.IsLetter)),
        Question("isdigit", text => CharText.IsAll(text, CharText.IsDigit)),
        Question("isdecimal", text => CharText.IsAll(text, CharText.IsDecimal)),
        Question("isnumeric", text => CharText.IsAll(text, CharText.IsNumeric)),
        Question("isalnum", text => CharText.IsAll(text, CharText.IsAlphanumeric)),
        Question("isspace", text => text.Length > 0 && text.All(Spaces.IsSpace)),
        Question("isascii", text => Ascii.IsValid(text)),
        Question("isprintable", text => text.Length == 0 || CharText.IsAll(text, StringText.IsPrintable)),
        Question("istitle", CharText.IsTitle),
        Question("isidentifier", text => text.Length > 0 && !char.IsDigit(text[0])
            && CharText.IsAll(text, rune => rune.Value == '_' || Rune.IsLetterOrDigit(rune))),
        Method("islower", [], (r, owner, _) => BoolValue.Of(CharText.IsCased(r, owner.Text, isUpper: false))),
        Method("isupper", [], (r, owner, _) => BoolValue.Of(CharText.IsCased(r, owner.Text, isUpper: true))),
    ];

    private static StringMethod Question(
        string name, Func<string, bool> holds) => Method(name, [], (_, owner, _) => BoolValue.Of(holds(owner.Text)));

    private static IEnumerable<StringMethod> Edges() =>
    [
        Method("strip", ["chars"], (r, owner, a) => TextEdges.Strip(r, owner, a.OptionalText(0), true, true)),
        Method("lstrip", ["chars"], (r, owner, a) => TextEdges.Strip(r, owner, a.OptionalText(0), true, false)),
        Method("rstrip", ["chars"], (r, owner, a) => TextEdges.Strip(r, owner, a.OptionalText(0), false, true)),
        Method("startswith", ["prefix", "start", "end"], (r, owner, a) =>
            BoolValue.Of(HasEdge(r, owner, a, atEnd: false))),
        Method("endswith", ["suffix", "start", "end"], (r, owner, a) =>
            BoolValue.Of(HasEdge(r, owner, a, atEnd: true))),
        Method("removeprefix", ["prefix"], (r, owner, a) =>
        {
            r.Budget.MakeText(owner.Text.Length);
            return owner.Text.StartsWith(a.Text(0), StringComparison.Ordinal)
                ? owner.Like(owner.Text[a.Text(0).Length..])
                : owner;
        }),
        Method("removesuffix", ["suffix"], (r, owner, a) =>
        {
            r.Budget.MakeText(owner.Text.Length);
            return owner.Text.EndsWith(a.Text(0), StringComparison.Ordinal)
                ? owner.Like(owner.Text[..^a.Text(0).Length])
                : owner;
        }),
    ];

    private static bool HasEdge(Renderer renderer, StringValue owner, BoundArguments a, bool atEnd)
    {
        var (start, end) = TextWindow.Of(owner.Text, a.Given(1), a.Given(2));
        return start <= end && TextEdges.HasEdge(renderer, owner.Text.AsSpan(start, end - start), a.Required(0), atEnd);
    }

    private static IEnumerable<StringMethod> Parts() =>
    [
        Method("split", ["sep", "maxsplit"], (r, owner, a) => Split(r, owner, a, fromEnd: false)),
        Method("rsplit", ["sep", "maxsplit"], (r, owner, a) => Split(r, owner, a, fromEnd: true)),
        Method("splitlines", ["keepends"], (r, owner, a) =>
            List(owner, TextEdits.SplitLines(r, owner.Text, a.Flag(0)))),
        Method("partition", ["sep"], (r, owner, a) => Partition(r, owner, a.Text(0), fromEnd: false)),
        Method("rpartition", ["sep"], (r, owner, a) => Partition(r, owner, a.Text(0), fromEnd: true)),
        Method("join", ["iterable"], Join),
        Method("replace", ["old", "new", "count"], (r, owner, a) =>
            owner.Like(TextEdits.Replace(r, owner.Text, a.Text(0), a.Text(1), a.Integer(2, -1)))),
    ];

    private static ListValue Split(Renderer renderer, StringValue owner, BoundArguments a, bool fromEnd)
    {
        var count = a.Integer(1, -1);
        var countMax = count < 0 ? int.MaxValue : count;
        return List(owner, a.OptionalText(0) is { } separator
            ? TextEdits.Split(renderer, owner.Text, separator, countMax, fromEnd)
            : TextEdits.SplitAtSpaces(renderer, owner.Text, countMax, fromEnd));
    }

    private static ListValue List(StringValue owner, List<string> parts) =>
        new([.. parts.Select(part => (TemplateValue)owner.Like(part))]);

    private static TupleValue Partition(Renderer renderer, StringValue owner, string separator, bool fromEnd)
    {
        var parts = TextEdits.Split(renderer, owner.Text, separator, 1, fromEnd);
        string[] all = parts.Count == 2 ? [parts[0], separator, parts[1]]
            : fromEnd ? ["", "", parts[0]] : [parts[0], "", ""];
        return new TupleValue([.. all.Select(owner.Like)]);
    }

    private static StringValue Join(Renderer renderer, StringValue owner, BoundArguments a)
    {
        var output = new TextBuffer(renderer.Budget);
        var isFirst = true;
        foreach (var item in Sequences.Enumerate(a.Required(0)))
        {
            renderer.Budget.Step();
            if (item is not StringValue text)
                throw TemplateException.Of($"'join' needs strings; one item is of type {item.TypeName}.");
            if (!isFirst) output.Append(owner.Text);
            isFirst = false;
            output.Append(owner.IsSafe && !text.IsSafe ? StringText.EscapeHtml(renderer, text.Text) : text.Text);
        }

        return owner.Like(output.ToString());
    }

    private static IEnumerable<StringMethod> Searches() =>
    [
        Method("find", ["sub", "start", "end"], (r, owner, a) => IntegerValue.Of(TextWindow.Find(r, owner, a, false))),
        Method("rfind", ["sub", "start", "end"], (r, owner, a) => IntegerValue.Of(TextWindow.Find(r, owner, a, true))),
        Method("index", ["sub", "start", "end"], (r, owner, a) => IntegerValue.Of(Index(r, owner, a, false))),
        Method("rindex", ["sub", "start", "end"], (r, owner, a) => IntegerValue.Of(Index(r, owner, a, true))),
        Method("count", ["sub", "start", "end"], (r, owner, a) => IntegerValue.Of(TextWindow.Count(r, owner, a))),
    ];

    private static int Index(Renderer renderer, StringValue owner, BoundArguments a, bool fromEnd) =>
        TextWindow.Find(renderer, owner, a, fromEnd) is var at and >= 0 ? at
            : throw TemplateException.Of($"'{a.Text(0)}' is not in the text searched.");

    private static IEnumerable<StringMethod> Layouts() =>
    [
        Padding("center", TextLayout.Side.Both),
        Padding("ljust", TextLayout.Side.Right),
        Padding("rjust", TextLayout.Side.Left),
        Method("zfill", ["width"], (r, owner, a) => TextLayout.FillZeros(r, owner, a.Integer(0, 0))),
        Method("expandtabs", ["tabsize"], (r, owner, a) => TextLayout.ExpandTabs(r, owner, a.Integer(0, 8))),
    ];

    private static StringMethod Padding(
        string name, TextLayout.Side side) => Method(name, ["width", "fillchar"], (r, owner, a) =>
        TextLayout.Pad(r, owner, a.Integer(0, 0), a[1] is null ? " " : a.Text(1), side));

    private static IEnumerable<StringMethod> Formats() =>
    [
        new StringMethod("format", BraceFormat.Apply),
        Method("format_map", ["map"], (r, owner, a) => a.Required(0) is DictValue map
            ? BraceFormat.Apply(r, owner, new CallArguments([], [.. map.Entries
                .Where(entry => entry.Key is StringValue)
                .Select(entry => KeyValuePair.Create(((StringValue)entry.Key).Text, entry.Value))]))
            : throw TemplateException.Of("'format_map' needs a mapping.")),
    ];
}
