using System.Collections.Frozen;
using Minka.Models.Templates.Nodes;
using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>All tests by name.</summary>
internal static class Tests
{
    private static readonly FrozenDictionary<string, Test> _byName =
        Kinds().Concat(Comparisons()).Concat(Others()).ToFrozenDictionary(test => test.Name, StringComparer.Ordinal);

    /// <summary>The test of a name, or null.</summary>
    public static Test? Find(string name) => _byName.GetValueOrDefault(name);

    private static IEnumerable<Test> Kinds() =>
    [
        Test.Of("defined", value => value is not UndefinedValue),
        Test.Of("undefined", value => value is UndefinedValue),
        Test.Of("none", value => value is NoneValue),
        Test.Of("boolean", value => value is BoolValue),
        Test.Of("true", value => value == BoolValue.True),
        Test.Of("false", value => value == BoolValue.False),
        Test.Of("integer", value => value is IntegerValue),
        Test.Of("float", value => value is FloatValue),
        Test.Of("number", value => value is IntegerValue or FloatValue or BoolValue),
        Test.Of("string", value => value is StringValue),
        Test.Of("mapping", value => value is DictValue),
        Test.Of("sequence", value => value is StringValue or SequenceValue or DictValue or UndefinedValue),
        Test.Of("iterable", value => value.Iterate() is not null),
        Test.Of("callable", value => value is CallableValue or UndefinedValue),
        Test.Of("escaped", value => value is StringValue { IsSafe: true }),
    ];

    private static IEnumerable<Test> Comparisons()
    {
        (string Symbol, string[] Names)[] all =
        [
            ("==", ["==", "eq", "equalto"]),
            ("!=", ["!=", "ne"]),
            ("<", ["<", "lt", "lessthan"]),
            ("<=", ["<=", "le"]),
            (">", [">", "gt", "greaterthan"]),
            (">=", [">=", "ge"]),
            ("in", ["in"]),
        ];
        return all.SelectMany(pair => pair.Names.Select(name => Test.Of(
            name, (renderer, value, other) => CompareExpression.Holds(renderer, pair.Symbol, value, other))));
    }

    private static IEnumerable<Test> Others() =>
    [
        Test.Of("odd", (renderer, value) => HasRemainder(renderer, value, 1)),
        Test.Of("even", (renderer, value) => HasRemainder(renderer, value, 0)),
        Test.Of("divisibleby", (renderer, value, other) => Comparison.AreEqual(
            renderer, Arithmetic.Apply(renderer, "%", value, other), IntegerValue.Of(0))),
        Test.Of("sameas", (_, value, other) => ReferenceEquals(value, other)),
        Test.Of("lower", (renderer, value) => CharText.IsCased(renderer, value.ToText(renderer), isUpper: false)),
        Test.Of("upper", (renderer, value) => CharText.IsCased(renderer, value.ToText(renderer), isUpper: true)),
        Test.Of("filter", value => value is StringValue name && Filters.Find(name.Text) is not null),
        Test.Of("test", value => value is StringValue name && Find(name.Text) is not null),
    ];

    private static bool HasRemainder(Renderer renderer, TemplateValue value, int remainder) => Comparison.AreEqual(
        renderer, Arithmetic.Apply(renderer, "%", value, IntegerValue.Of(2)), IntegerValue.Of(remainder));
}
