using System.Text.Json;
using Minka.Engine.Constraints;

namespace Minka.Engine.Tests.Constraints;

/// <summary>Calls of tools, as models write them.</summary>
public class TaggedTextTests
{
    private static readonly TaggedPart Add = Call("add", """
        {"type":"object","properties":{"a":{"type":"integer","minimum":0,"maximum":9}},"required":["a"]}
        """);
    private static readonly TaggedPart Now = Call("now", """{"type":"object","additionalProperties":false}""");

    private static readonly TaggedText Auto = new([Add, Now]) { Triggers = ["<call>"] };

    private static TaggedPart Call(string name, string schema) => new(
        $$"""<call>{"name": "{{name}}", "arguments": """, Constraint.JsonSchema(schema), "}</call>");

    [Theory]
    [InlineData("")]
    [InlineData("Hello < <c <call <<cal> you!")]
    [InlineData("""<call>{"name": "now", "arguments": {}}</call>""")]
    [InlineData("é: <<call>{\"name\": \"add\", \"arguments\": {\"a\":3}}</call> "
        + "<call>{\"name\": \"now\", \"arguments\": {}}</call>")]
    public void Free_text_goes_on_until_a_trigger_and_after_a_part(string text) =>
        Assert.True(Walker.Allows(Walker.Compile(Constraint.Tagged(Auto)), text));

    [Theory]
    [InlineData("<call>")]
    [InlineData("x <call> y")]
    [InlineData("""<call>{"name": "other", "arguments": {}}</call>""")]
    [InlineData("""<call>{"name": "add", "arguments": {"a":33}}</call>""")]
    [InlineData("""<call>{"name": "add", "arguments": {}}</call>""")]
    [InlineData("""<call>{"name": "now", "arguments": {}}<call>""")]
    public void After_a_trigger_nothing_but_a_part_comes(string text) =>
        Assert.False(Walker.Allows(Walker.Compile(Constraint.Tagged(Auto)), text));

    [Fact]
    public void Without_triggers_only_parts_come_as_many_as_asked_for()
    {
        var one = new TaggedPart("[", Constraint.Choice(["a", "b"]), "]");
        var masks = Walker.Compile(Constraint.Tagged(new([one]) { Least = 2, Most = 3, Separator = ", " }));

        Assert.True(Walker.Allows(masks, "[a], [b]"));
        Assert.True(Walker.Allows(masks, "[a], [a], [a]"));
        Assert.All((string[])["", "[a]", "[a][b]", "[a], [a], [a], [a]", "x[a], [b]"],
            text => Assert.False(Walker.Allows(masks, text), text));
    }

    [Fact]
    public void Random_texts_hold_whole_calls_with_sound_arguments()
    {
        var masks = Walker.Compile(Constraint.Tagged(new([Add, Now]) { Least = 1, Most = 4, Separator = "\n" }));
        var random = new Random(5);
        for (var i = 0; i < 100; i++)
        {
            var text = Walker.Write(masks, random, 20)!;
            foreach (var line in text.Split("</call>\n"))
            {
                var call = line.Replace("<call>", "", StringComparison.Ordinal)
                    .Replace("</call>", "", StringComparison.Ordinal);
                using var json = JsonDocument.Parse(call);
                var name = json.RootElement.GetProperty("name").GetString();
                Assert.Contains(name, (string[])["add", "now"]);
                if (name == "add")
                    Assert.InRange(json.RootElement.GetProperty("arguments").GetProperty("a").GetInt32(), 0, 9);
            }
        }
    }

    [Fact]
    public void Several_triggers_may_share_beginnings_and_ends()
    {
        var parts = (TaggedPart[])[new("aab", Constraint.Regex("x"), ""), new("abc", Constraint.Regex("y"), "")];
        var masks = Walker.Compile(Constraint.Tagged(new(parts) { Triggers = ["aab", "abc"] }));

        Assert.All((string[])["aaabxb", "ababcy", "aaaa", "abab", "caabxabcy"],
            text => Assert.True(Walker.Allows(masks, text), text));
        Assert.All((string[])["aab", "xabc", "aaaby", "ababcx", "aabc"],
            text => Assert.False(Walker.Allows(masks, text), text));
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        Refused(new([]));
        Refused(new([Add]) { Least = 3, Most = 2 });
        Refused(new([Add]) { Triggers = ["<other>"] });
        Refused(new([Add]) { Triggers = [""] });
        Refused(new([new("<", Constraint.Tagged(Auto), ">")]));
        Refused(new([new("<", Constraint.JsonSchema("{"), ">")]));
        Assert.Throws<RequestRefusedException>(() => Walker.Compile(new(ConstraintKind.Tagged, "12:no")));
    }

    private static void Refused(TaggedText tagged) =>
        Assert.Throws<RequestRefusedException>(() => Walker.Compile(Constraint.Tagged(tagged)));
}
