using System.Diagnostics;
using Minka.Engine.Constraints;

namespace Minka.Engine.Tests.Constraints;

/// <summary>Whatever is sent as a constraint, it is compiled or refused with a sentence, soon.</summary>
public class HostileSourceTests
{
    private static readonly (ConstraintKind Kind, string Source)[] Seeds =
    [
        (ConstraintKind.Regex, "^(a|b[^c-e]\\d{2,3})*\\u00e9?x+$"),
        (ConstraintKind.Grammar, "root ::= a (\",\" [^a-z\\n]{1,3})* # c\na ::= \"\\x41\" | . b?\nb ::= \"q\" a"),
        (ConstraintKind.JsonSchema, """
            {"$defs":{"t":{"type":["object","null"],"properties":{"n":{"$ref":"#/$defs/t"},"k":{"enum":[1,"é"]}}}},
            "allOf":[{"$ref":"#/$defs/t"},{"required":["k"]}],
            "additionalProperties":{"type":"string","maxLength":9}}
            """),
        (ConstraintKind.JsonSchema, """
            {"type":"array","prefixItems":[{"type":"integer","minimum":-3,"maximum":44}],"minItems":2,"maxItems":5,
            "items":{"anyOf":[{"type":"string","pattern":"^a$"},{"format":"date"},{"const":null}]}}
            """),
    ];

    [Fact]
    public void Damaged_sources_are_compiled_or_refused()
    {
        var random = new Random(99);
        var refused = 0;
        for (var i = 0; i < 3000; i++)
        {
            var (kind, source) = Seeds[i % Seeds.Length];
            try
            {
                Walker.Compile(new(kind, Damage(source, random)));
            }
            catch (RequestRefusedException sentence)
            {
                Assert.NotEmpty(sentence.Message);
                refused++;
            }
        }

        Assert.InRange(refused, 500, 2900);
    }

    public static TheoryData<ConstraintKind, string> Large => new()
    {
        { ConstraintKind.Regex, string.Concat(Enumerable.Repeat("(a|b)*", 5000)) },
        { ConstraintKind.Regex, "((a{1,30}){1,30}){1,30}" },
        { ConstraintKind.Regex, "(a|b)*a(a|b){20}" },
        { ConstraintKind.Regex, new string('(', 60_000) },
        { ConstraintKind.Grammar, "root ::= " + new string('(', 60_000) },
        { ConstraintKind.Grammar, string.Concat(Enumerable.Range(0, 1999).Select(i => $"r{i} ::= r{i + 1} \"a\"?\n"))
            + "r1999 ::= \"x\"\nroot ::= r0" },
        { ConstraintKind.JsonSchema, new string('[', 60_000) },
        { ConstraintKind.JsonSchema, $$"""{"enum":["{{new string('x', 60_000)}}"]}""" },
        { ConstraintKind.JsonSchema, $$"""
            {"properties":{"{{new string('x', 60_000)}}":true},"additionalProperties":true}
            """ },
        { ConstraintKind.JsonSchema, "{\"properties\":{" + string.Join(',', Enumerable.Range(0, 3000).Select(i =>
            $"\"p{i}\":true")) + "}}" },
        { ConstraintKind.JsonSchema, $$"""{"pattern":"{{string.Concat(Enumerable.Repeat("[ab]?", 9000))}}"}""" },
        { ConstraintKind.Regex,
            "[" + string.Concat(Enumerable.Range(0, 30_000).Select(i => (char)(0x1000 + i * 2 % 0xC000))) + "]" },
        { ConstraintKind.Grammar, "root ::= ((((\"a\"?){1000}){50} | nothing){4}\nnothing ::= \"\"" },
        { ConstraintKind.Grammar, "root ::= (\"a\"?){1000} (\"b\"?){1000} (\"c\"?){1000} r0\n"
            + string.Concat(Enumerable.Range(0, 3000).Select(i => $"r{i} ::= \"\" | r{i + 1} root \"x\"\n"))
            + "r3000 ::= \"\"" },
        { ConstraintKind.Grammar, "root ::= (" + string.Join('|', Enumerable.Range(0, 2000).Select(i => $"r{i}"))
            + "){0,90}\n" + string.Concat(Enumerable.Range(0, 2000).Select(i => $"r{i} ::= \"{i}\" root?\n")) },
        { ConstraintKind.JsonSchema, "{\"$defs\":{" + string.Join(',', Enumerable.Range(0, 28).Select(i =>
            $"\"d{i}\":{{\"allOf\":[{{\"$ref\":\"#/$defs/d{i + 1}\"}},{{\"$ref\":\"#/$defs/d{i + 1}\"}}]}}"))
            + ",\"d28\":{\"type\":\"object\"}},\"$ref\":\"#/$defs/d0\"}" },
        { ConstraintKind.JsonSchema, "{\"properties\":{" + string.Join(',', Enumerable.Range(0, 1500).Select(i =>
            $"\"p{i}\":true")) + "},\"anyOf\":[" + string.Join(',', Enumerable.Range(0, 1500).Select(i =>
            $"{{\"required\":[\"p{i}\"]}}")) + "]}" },
        { ConstraintKind.Choice, new string('x', 100_000) },
        { ConstraintKind.Choice, string.Join('\0', Enumerable.Range(0, 10_000)) },
    };

    [Theory, MemberData(nameof(Large))]
    public void Large_sources_are_compiled_or_refused_soon(ConstraintKind kind, string source)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            Walker.Compile(new(kind, source));
        }
        catch (RequestRefusedException sentence)
        {
            Assert.NotEmpty(sentence.Message);
        }

        // A fraction of a second on an idle machine; without a bound, some of these never end on any.
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(2), $"{Stopwatch.GetElapsedTime(start)}");
    }

    private static string Damage(string source, Random random)
    {
        var text = source.ToList();
        for (var i = random.Next(1, 4); i > 0 && text.Count > 2; i--)
        {
            var at = random.Next(text.Count);
            switch (random.Next(4))
            {
                case 0: text.RemoveRange(at, Math.Min(text.Count - at, random.Next(1, 9))); break;
                case 1: text.Insert(at, "\\{}[]()\"*+?|^$:,0-\n\uD800"[random.Next(20)]); break;
                case 2: text.InsertRange(at, text.GetRange(at, Math.Min(text.Count - at, 12))); break;
                case 3: text[at] = (char)random.Next(32, 300); break;
            }
        }
        return new string([.. text]);
    }
}
