using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Minka.Engine.Constraints;
using Minka.Engine.Constraints.Masks;
using Minka.Engine.Tests.Fakes;

namespace Minka.Engine.Tests.Constraints;

public class JsonSchemaTests
{
    [Theory]
    [InlineData("""
        {"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},
        "required":["name"]}
        """,
        new[] { """{"name":"a"}""", """{ "name" : "\u00e9\n", "age": -12 }""" },
        new[] { "{}", """{"age":1}""", """{"name":"a","x":1}""", """{"name":"a",}""", """{"age":1,"name":"a"}""" })]
    [InlineData("""{"type":"array","items":{"enum":["a",1,null,{"b":[]}]},"minItems":1,"maxItems":2}""",
        new[] { """["a"]""", """[1, null]""", """[{"b":[]}]""" }, new[] { "[]", "[1,1,1]", """["b"]""" })]
    [InlineData("""{"type":"array","prefixItems":[{"type":"integer"},{"type":"boolean"}],"items":false}""",
        new[] { "[]", "[1]", "[1,true]" }, new[] { "[true]", "[1,true,1]" })]
    [InlineData("""{"type":"integer","minimum":-5,"exclusiveMaximum":120}""",
        new[] { "-5", "0", "9", "10", "99", "100", "119" }, new[] { "-6", "120", "1000", "01", "1.0", "-10" })]
    [InlineData("""{"type":"number","minimum":0,"maximum":1}""",
        new[] { "0", "1", "0.5", "0.123456789", "1.000", "0.0" }, new[] { "-0.1", "1.001", "2", "1.1", "01", "1e0" })]
    [InlineData("""{"type":"number","exclusiveMinimum":0}""",
        new[] { "1", "0.001", "0.999", "12.75", "1.0" }, new[] { "0", "0.0", "0.000", "-1", "-0.5", "0.0001" })]
    [InlineData("""{"type":"number","minimum":-1.5,"exclusiveMaximum":20.25}""",
        new[] { "-1.5", "-1.500", "-1", "-0.5", "0", "19.99999", "20", "20.2", "20.249" },
        new[] { "-1.501", "-1.6", "-2", "20.250", "20.3", "21", "-0" })]
    [InlineData("""{"type":"number","minimum":0.5,"maximum":0.7}""",
        new[] { "0.5", "0.700", "0.61" }, new[] { "0.4", "0.499", "0.701", "0.8", "0", "1" })]
    [InlineData("""{"type":"string","minLength":2,"maxLength":3}""",
        new[] { "\"ab\"", "\"😀é\\n\"", "\"\\ud83d\\ude00ab\"" }, new[] { "\"a\"", "\"abcd\"", "ab", "\"\\ud83d\"" })]
    [InlineData("""{"type":"string","pattern":"^a\"+$|b$"}""",
        new[] { "\"a\\\"\"", "\"xxb\"", "\"b\"" }, new[] { "\"a\"", "\"bc\"", "\"a\"\"" })]
    [InlineData("""{"type":["string","null"]}""", new[] { "null", "\"\"" }, new[] { "1", "nul" })]
    [InlineData("""{"type":"object","additionalProperties":{"type":"integer"},"properties":{"ab":{"type":"null"}}}""",
        new[] { "{}", """{"a":1}""", """{"ab":null,"abc":2,"":3}""", """{"é":1}""" },
        new[] { """{"ab":1}""", """{"a":null}""" })]
    [InlineData("""
        {"$defs":{"t":{"type":"object","properties":{"v":{"type":"integer"},"next":{"$ref":"#/$defs/t"}},
        "required":["v"]}},"$ref":"#/$defs/t"}
        """,
        new[] { """{"v":1}""", """{"v":1,"next":{"v":2,"next":{"v":3}}}""" }, new[] { """{"next":{"v":1}}""" })]
    [InlineData("""
        {"allOf":[{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]},
        {"properties":{"a":{"maximum":3},"b":{"type":"null"}}}]}
        """,
        new[] { """{"a":3}""", """{"a":-1,"b":null}""" }, new[] { """{"a":4}""", """{"b":null}""" })]
    [InlineData("""
        {"type":"object","properties":{"k":{"type":"string"}},"anyOf":[{"properties":{"k":{"const":"x"}}},
        {"required":["k"]}]}
        """,
        new[] { "{}", """{"k":"x"}""", """{"k":"y"}""" }, new[] { """{"k":1}""" })]
    [InlineData("""
        {"type":"string","format":"date"}
        """, new[] { "\"2024-02-28\"" }, new[] { "\"2024-02-30\"", "\"2024-13-01\"" })]
    [InlineData("true", new[] { "[1,{\"a\":[]}]", "\"x\"", "-1.5e10" }, new[] { "", "[1,]", "01" })]
    [InlineData("""{"type":"object"}""", new[] { "{}", """{"a":{"b":[1,2]}}""" }, new[] { "[]", "1" })]
    [InlineData("""{"const":{"a":"é\"\\"}}""", new[] { """{"a":"é\"\\"}""" }, new[] { "{}" })]
    [InlineData("""
        {"allOf":[{"properties":{"a":{"type":["string","integer"]}}},{"additionalProperties":{"type":"integer"}}]}
        """,
        new[] { "{}", """{"a":1}""", """{"a":1,"b":2}""" }, new[] { """{"a":"x"}""", """{"b":"x"}""" })]
    [InlineData("""
        {"allOf":[{"type":"array","prefixItems":[{"type":["string","integer"]},{"type":"string"}]},
        {"items":{"type":"integer"}}]}
        """,
        new[] { "[]", "[1]" }, new[] { """["x"]""", """[1,"x"]""", "[1,2]" })]
    [InlineData("""{"type":"object","required":["a","a"]}""", new[] { """{"a":1}""" }, new[] { """{"a":1,"a":1}""" })]
    [InlineData("""{"type":"number","minimum":999999999999998,"maximum":1e300}""",
        new[] { "999999999999998", "999999999999999", "999999999999998.5" },
        new[] { "999999999999997", "1", "999999999999999.5" })]
    [InlineData("""{"properties":{"a/b":{"type":"integer"},"c":{"$ref":"#/properties/a~1b"}},"required":["c"]}""",
        new[] { """{"c":7}""" }, new[] { """{"c":"7"}""" })]
    public void A_schema_allows_what_it_describes_and_nothing_else(string schema, string[] valid, string[] others)
    {
        var masks = Walker.Compile(Constraint.JsonSchema(schema));

        Assert.All(valid, text => Assert.True(Walker.Allows(masks, text), text));
        Assert.All(others, text => Assert.False(Walker.Allows(masks, text), text));
    }

    [Theory]
    [InlineData("""{"type":"string","contentEncoding":"base64"}""", "#/contentEncoding")]
    [InlineData("""{"properties":{"a":{"not":{}}}}""", "#/properties/a/not")]
    [InlineData("""{"type":"number","minimum":1,"exclusiveMaximum":1}""", "No number")]
    [InlineData("""{"type":"number","minimum":0.12345,"maximum":0.12346}""", "No number")]
    [InlineData("""{"type":"integer","multipleOf":2}""", "#/multipleOf")]
    [InlineData("""{"type":"array","uniqueItems":true}""", "#/uniqueItems")]
    [InlineData("""{"type":"number","minimum":1e15}""", "No number")]
    [InlineData("""{"type":"number","exclusiveMaximum":-1e20}""", "No number")]
    [InlineData("""{"const":null,"allOf":[{"const":1}]}""", "Nothing matches")]
    [InlineData("""{"type":"string","minLength":null}""", "#/minLength is null")]
    [InlineData("""{"type":null}""", "#/type is null")]
    [InlineData("""{"type":"object","patternProperties":{"^a":{"type":"integer"}}}""", "#/patternProperties")]
    [InlineData("""{"type":"object","unevaluatedProperties":false}""", "#/unevaluatedProperties")]
    [InlineData("""{"type":"object","dependentSchemas":{"a":{"required":["b"]}}}""", "#/dependentSchemas")]
    [InlineData("""{"type":"string","format":"hostname"}""", "hostname")]
    [InlineData("""{"type":"array","minItems":1000000000}""", "#/minItems")]
    [InlineData("""{"$ref":"http://example.com/schema"}""", "only references within it")]
    [InlineData("""{"$ref":"#"}""", "for ever")]
    [InlineData("""{"allOf":[{"$ref":"#"}]}""", "circle")]
    [InlineData("""{"$ref":"#/$defs/none"}""", "does not have")]
    [InlineData("""{"type":"integer","minimum":3,"maximum":2}""", "No integer")]
    [InlineData("false", "Nothing matches")]
    [InlineData("""{"type":"strin"}""", "'strin'")]
    [InlineData("""{"type":5}""", "string")]
    [InlineData("""{"required":5}""", "should be a list")]
    [InlineData("""{"type":"object","required":["a"],"additionalProperties":false}""", "does not allow")]
    [InlineData("""{"type":"string","pattern":"(a+)+\\1"}""", "not supported")]
    [InlineData("""{"a":1""", "no JSON")]
    [InlineData("""{"type":"object","type":"object"}""", "no JSON")]
    public void What_is_not_supported_is_refused_and_not_ignored(string schema, string reason)
    {
        var refused = Assert.Throws<RequestRefusedException>(() => Walker.Compile(Constraint.JsonSchema(schema)));

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_schema_of_a_thousand_levels_is_refused()
    {
        var deep = string.Concat(Enumerable.Repeat("""{"items":""", 1000)) + "true" + new string('}', 1000);
        Assert.Throws<RequestRefusedException>(() => Walker.Compile(Constraint.JsonSchema(deep)));

        var shallow = string.Concat(Enumerable.Repeat("""{"items":""", 40)) + "true" + new string('}', 40);
        Assert.Throws<RequestRefusedException>(() => Walker.Compile(Constraint.JsonSchema(shallow)));
    }

    /// <summary>Whatever the schema, what is written parses and is valid.</summary>
    [Fact]
    public void Random_texts_of_random_schemas_parse_and_are_valid()
    {
        var (written, refused) = (0, 0);
        Check.One(
            Cases.Of(80).WithEndSize(60),
            Prop.ForAll(Arb.From(from seed in Gen.Choose(0, int.MaxValue) select seed), seed =>
            {
                var random = new Random(seed);
                var schema = new SchemaWriter(random).Write();
                if (Compile(schema) is not { } masks)
                {
                    refused++;
                    return true;
                }
                for (var i = 0; i < 3; i++)
                {
                    // Chance alone may never find the end of a tree or the letter that a pattern wants.
                    if (Walker.Write(masks, random, patience: random.Next(80)) is not { } text) continue;
                    written++;
                    using var parsed = JsonDocument.Parse(text, new() { MaxDepth = 5000 });
                    var value = ValueOf(parsed.RootElement);
                    Assert.True(new SchemaValidator(schema).IsValid(value), $"{schema.ToJsonString()}\n{text}");
                }
                return true;
            }));

        Assert.True(written + 3 * refused > 160, $"{written} of 240 texts were written.");
        Assert.True(refused < 16, $"{refused} of 80 schemas were refused.");
    }

    /// <summary>Two schemas at once may be such that nothing, or nothing that is supported, holds for both.</summary>
    private static GrammarMasks? Compile(JsonNode schema)
    {
        try
        {
            return Walker.Compile(Constraint.JsonSchema(schema.ToJsonString()));
        }
        catch (RequestRefusedException refused) when (
            refused.Message.Contains("not supported", StringComparison.Ordinal)
            || refused.Message.Contains("at once", StringComparison.Ordinal)
            || refused.Message.Contains("one is supported", StringComparison.Ordinal)
            || refused.Message.StartsWith("No", StringComparison.Ordinal))
        {
            return null;
        }
    }

    /// <summary>A value; of names that occur twice, which no grammar can prevent, the last one counts.</summary>
    private static JsonNode? ValueOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => new JsonObject(element.EnumerateObject().GroupBy(pair => pair.Name)
            .Select(pairs => KeyValuePair.Create(pairs.Key, ValueOf(pairs.Last().Value)))),
        JsonValueKind.Array => new JsonArray([.. element.EnumerateArray().Select(ValueOf)]),
        _ => JsonNode.Parse(element.GetRawText()),
    };
}
