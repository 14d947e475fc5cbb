using System.Text.Json;
using Minka.Engine.Tests.Constraints;
using Minka.Server.Generating;
using Minka.Server.Tools;

namespace Minka.Server.Tests.Tools;

public class ForcedCallTests
{
    private static readonly ToolDefinition Book = Reader.Tool("book", """
        {"type":"object","properties":{"seats":{"type":"integer","minimum":1,"maximum":9},
        "kind":{"type":"string","enum":["aisle","window"]},
        "tags":{"type":"array","items":{"$ref":"#/$defs/tag"},"maxItems":2}},
        "required":["seats","kind"],"additionalProperties":false,"$defs":{"tag":{"type":"string","maxLength":3}}}
        """);

    public static TheoryData<string> Formats => [.. ToolFormats.All.Select(format => format.Name)];

    [Theory, MemberData(nameof(Formats))]
    public void Whatever_a_forced_model_writes_is_a_call_that_the_reader_finds(string name)
    {
        var format = Reader.Format(name);
        var request = Reader.Request(Book, Reader.Add) with { ToolChoice = ToolChoice.Required };
        var masks = Walker.Compile(format.Constrain(request)!);
        for (var seed = 0; seed < 25; seed++)
        {
            var text = Walker.Write(masks, new Random(seed), patience: 60);
            if (text is null) continue;

            var parts = Reader.Read(format, text, 1 + (seed % 5), request, format.Open(request, ""));

            Assert.All(parts, part => Assert.True(part is OutputPart.CallBegin or OutputPart.CallArguments, text));
            foreach (var call in parts.OfType<OutputPart.CallBegin>()) Check(call, parts);
            Assert.NotEmpty(parts);
        }
    }

    [Theory, MemberData(nameof(Formats))]
    public void A_named_tool_is_called_once(string name)
    {
        var format = Reader.Format(name);
        var request = Reader.Request(Book, Reader.Add) with { ToolChoice = ToolChoice.Named("add") };
        var masks = Walker.Compile(format.Constrain(request)!);
        for (var seed = 0; seed < 10; seed++)
        {
            var text = Walker.Write(masks, new Random(seed), patience: 60);

            var parts = Reader.Read(format, text!, 4, request, format.Open(request, ""));

            Assert.Equal("add", Assert.Single(parts.OfType<OutputPart.CallBegin>()).Name);
        }
    }

    [Fact]
    public void A_free_model_is_held_to_the_schema_of_strict_tools_alone()
    {
        var strict = Reader.Request(Book with { IsStrict = true }, Reader.Add);
        var masks = Walker.Compile(Reader.Format("hermes").Constrain(strict)!);

        Assert.True(Walker.Allows(masks, "No call at all."));
        Assert.True(Walker.Allows(masks, Call("book", """{"seats": 2, "kind": "aisle"}""")));
        Assert.True(Walker.Allows(masks, "Well. " + Call("add", """{"z": 1}""")));
        Assert.False(Walker.Allows(masks, Call("book", """{"seats": 10, "kind": "aisle"}""")));
        Assert.False(Walker.Allows(masks, Call("fly", "{}")));
        Assert.Null(Reader.Format("hermes").Constrain(Reader.Request(Book, Reader.Add)));

        static string Call(string name, string arguments) =>
            $"<tool_call>\n{{\"name\": \"{name}\", \"arguments\": {arguments}}}\n</tool_call>";
    }

    [Fact]
    public void A_prompt_that_has_begun_to_think_ends_that_before_a_forced_call()
    {
        var format = new AnswerFormat(ToolFormats.Of("<tool_call>"), new("<think>", "</think>"), false);
        var request = Reader.Request(Reader.Add) with { ToolChoice = ToolChoice.Required };

        Assert.Equal("\n</think>\n\n<tool_call>\n", format.Open(request, "<|assistant|><think>\n"));
        Assert.Equal("<tool_call>\n", format.Open(request, "<|assistant|>"));
        Assert.Equal("", format.Open(Reader.Request(Reader.Add), "<|assistant|>"));
    }

    private static void Check(OutputPart.CallBegin call, List<OutputPart> parts)
    {
        using var arguments = JsonDocument.Parse(string.Concat(parts.OfType<OutputPart.CallArguments>()
            .Where(part => part.Index == call.Index).Select(part => part.Json)));
        var root = arguments.RootElement;
        if (call.Name == "add")
        {
            Assert.Equal(JsonValueKind.Number, root.GetProperty("a").ValueKind);
            return;
        }
        Assert.Equal("book", call.Name);
        Assert.InRange(root.GetProperty("seats").GetInt32(), 1, 9);
        Assert.Contains(root.GetProperty("kind").GetString(), new[] { "aisle", "window" });
    }
}
