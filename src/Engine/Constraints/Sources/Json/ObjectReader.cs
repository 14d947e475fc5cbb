using System.Text.Json.Nodes;
using Minka.Engine.Constraints.Grammars;

namespace Minka.Engine.Constraints.Sources.Json;

/// <summary>Objects of a schema: its properties in its order, those that are not required left out or not.</summary>
internal sealed class ObjectReader(JsonTexts texts, Func<JsonNode?, string, Expression> read)
{
    private const int NameMax = 128;

    private sealed record Member(Expression Text, bool IsRequired);

    /// <summary>An object; properties that are not named come last, if they may come.</summary>
    public Expression Read(JsonObject schema, string pointer)
    {
        var properties = SchemaKeywords.Object(schema, "properties", pointer);
        string[] required =
        [
            .. SchemaKeywords.Array(schema, "required", pointer)
                .Select(name => SchemaKeywords.Text(name, $"{pointer}/required")).Distinct(),
        ];
        var additional = Additional(schema, properties.Count + required.Length > 0);
        if (properties.Count + required.Length == 0 && additional is JsonValue any && any.GetValue<bool>())
            return texts.AnyObject;

        List<Member> members = [];
        foreach (var (name, value) in properties)
        {
            if (IsNever(value) && !required.Contains(name)) continue;
            members.Add(new(MemberOf(name, value, $"{pointer}/properties/{name}"), required.Contains(name)));
        }
        foreach (var name in required.Where(name => !properties.ContainsKey(name)))
        {
            if (IsNever(schema["additionalProperties"]))
                throw new GrammarException($"The schema requires at {pointer} '{name}', which it does not allow.");
            members.Add(new(MemberOf(name, schema["additionalProperties"] ?? true, pointer), true));
        }
        string[] named = [.. properties.Select(pair => pair.Key), .. required];
        return Braces(members, Others(additional, named, pointer), pointer);
    }

    private static bool IsNever(JsonNode? schema) =>
        schema is JsonValue value && value.TryGetValue<bool>(out var allowed) && !allowed;

    // Without the keyword JSON schema allows anything more. That would let a model go on for ever where names are
    // given, so it is taken as "no" there: fewer objects are generated, all of them valid.
    private static JsonNode Additional(JsonObject schema, bool hasNames) =>
        schema["additionalProperties"] ?? JsonValue.Create(!hasNames);

    private Expression MemberOf(string name, JsonNode? schema, string pointer) =>
        Pair(JsonTexts.Literal(name), read(schema, pointer));

    private Expression Pair(Expression name, Expression value) =>
        Expression.Then(name, texts.Space, Expression.Text(":"), texts.Space, value);

    private Expression? Others(JsonNode additional, string[] names, string pointer)
    {
        if (IsNever(additional)) return null;
        if (Array.Find(names, name => name.Length > NameMax) is { } longest)
            throw new GrammarException($"The schema names at {pointer} a property of {longest.Length:N0} "
                + $"characters and allows others besides; names of {NameMax} are supported then.");
        var rule = new Rule($"{pointer}/additionalProperties");
        rule.Body = Pair(JsonTexts.NameExcept(names), read(additional, $"{pointer}/additionalProperties"));
        return rule.Call();
    }

    private Expression Braces(List<Member> members, Expression? others, string pointer)
    {
        var comma = Expression.Then(texts.Space, Expression.Text(","), texts.Space);
        var after = new Expression[members.Count + 1];
        after[^1] = others is null
            ? Expression.Empty
            : Expression.Then(comma, others).Times(0, Expression.Unbounded);
        for (var i = members.Count - 1; i >= 0; i--)
        {
            // What follows is a rule of its own, so that many properties do not multiply.
            var rest = new Rule($"{pointer} after property {i}") { Body = after[i + 1] };
            after[i + 1] = rest.Call();
            var member = Expression.Then(comma, members[i].Text);
            after[i] = Expression.Then(members[i].IsRequired ? member : member.Optional(), after[i + 1]);
        }

        List<Expression> firsts = [];
        var required = members.FindIndex(member => member.IsRequired);
        var firstsMax = required < 0 ? members.Count : required + 1;
        for (var i = 0; i < firstsMax; i++)
            firsts.Add(Expression.Then(members[i].Text, after[i + 1], texts.Space));
        if (required < 0)
        {
            firsts.Add(Expression.Empty);
            if (others is not null) firsts.Add(Expression.Then(others, after[^1], texts.Space));
        }
        return Expression.Then(
            Expression.Text("{"), texts.Space, new Expression.Either(firsts), Expression.Text("}"));
    }
}
