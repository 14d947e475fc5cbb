using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>Filters that apply a filter or a test to every item: <c>map</c>, <c>select</c> and their like.</summary>
internal static class SelectionFilters
{
    private static readonly Signature _attributeSignature = new("map", "attribute", "default");

    /// <summary>The filters.</summary>
    public static IEnumerable<Filter> All =>
    [
        new Filter("map", (renderer, value, call) => new IteratorValue(renderer.Budget, Map(renderer, value, call))),
        Selecting("select", byAttribute: false, keeps: true),
        Selecting("reject", byAttribute: false, keeps: false),
        Selecting("selectattr", byAttribute: true, keeps: true),
        Selecting("rejectattr", byAttribute: true, keeps: false),
    ];

    private static Filter Selecting(string name, bool byAttribute, bool keeps) =>
        new(name, (renderer, value, call) => new IteratorValue(
            renderer.Budget, Select(renderer, value, call, name, byAttribute, keeps)));

    private static IEnumerable<TemplateValue> Map(Renderer renderer, TemplateValue value, CallArguments call)
    {
        if (!value.IsTrue) yield break;
        var map = MapOf(renderer, call);
        foreach (var item in Sequences.Enumerate(value)) yield return map(item);
    }

    private static Func<TemplateValue, TemplateValue> MapOf(Renderer renderer, CallArguments call)
    {
        if (call.Positional.Count == 0 && call.Find("attribute") is not null)
        {
            var a = _attributeSignature.Bind(call);
            var path = AttributePath.Of(a[0]);
            return item => path.Follow(renderer, item, a.Given(1));
        }

        var name = NameOf(call, 0) ?? throw TemplateException.Of("'map' needs the name of a filter or 'attribute=…'.");
        var filter = Filters.Find(name) ?? throw TemplateException.Of($"there is no filter '{name}'.");
        var rest = call.Skip(1);
        return item => filter.Apply(renderer, item, rest);
    }

    private static IEnumerable<TemplateValue> Select(
        Renderer renderer, TemplateValue value, CallArguments call, string name, bool byAttribute, bool keeps)
    {
        if (!value.IsTrue) yield break;
        if (byAttribute && call.Positional.Count == 0)
            throw TemplateException.Of($"'{name}' needs the name of an attribute.");
        var path = AttributePath.Of(byAttribute ? call.Positional[0] : null);
        var testName = NameOf(call, byAttribute ? 1 : 0);
        var test = testName is null ? null
            : Tests.Find(testName) ?? throw TemplateException.Of($"there is no test '{testName}'.");
        var rest = call.Skip(byAttribute ? 2 : 1);
        foreach (var item in Sequences.Enumerate(value))
        {
            renderer.Budget.Step();
            var tested = path.Follow(renderer, item);
            if ((test?.Holds(renderer, tested, rest) ?? tested.IsTrue) == keeps) yield return item;
        }
    }

    private static string? NameOf(CallArguments call, int index) => call.Positional.Count <= index ? null
        : call.Positional[index] switch
        {
            StringValue name => name.Text,
            UndefinedValue undefined => throw undefined.Fail(),
            _ => throw TemplateException.Of("the name of a filter or test must be a string."),
        };
}
