using Minka.Engine.Tests.Constraints;
using Minka.Server.Generating;
using Minka.Server.Tools;

namespace Minka.Server.Tests.Tools;

/// <summary>Tools whose arguments must follow their schema also where the model is free to call.</summary>
public class StrictCallTests
{
    private static readonly ToolDefinition Book = Reader.Tool("book", Schema(1, 9), isStrict: true);

    public static TheoryData<string> Formats => [.. ToolFormats.All.Select(format => format.Name)];

    [Theory, MemberData(nameof(Formats))]
    public void Calls_that_follow_the_schema_are_free_to_come(string name)
    {
        var masks = Walker.Compile(Reader.Format(name).Constrain(Reader.Request(Book, Reader.Add))!);

        Assert.True(Walker.Allows(masks, Call(name, "book", 2)));
        Assert.True(Walker.Allows(masks, Text(name)));
    }

    [Theory, MemberData(nameof(Formats))]
    public void Calls_that_break_the_schema_or_name_no_tool_cannot_be_written(string name)
    {
        var masks = Walker.Compile(Reader.Format(name).Constrain(Reader.Request(Book, Reader.Add))!);

        Assert.False(Walker.Allows(masks, Call(name, "book", 10)));
        Assert.False(Walker.Allows(masks, Call(name, "fly", 2)));
    }

    [Theory, MemberData(nameof(Formats))]
    public void Calls_of_a_tool_that_is_not_strict_need_not_follow_its_schema(string name)
    {
        var lax = Reader.Tool("ride", Schema(1, 9));
        var masks = Walker.Compile(Reader.Format(name).Constrain(Reader.Request(lax, Book))!);

        Assert.True(Walker.Allows(masks, Call(name, "ride", 10)));
    }

    [Theory, MemberData(nameof(Formats))]
    public void What_is_written_in_these_tests_is_a_call_to_the_reader(string name)
    {
        var format = Reader.Format(name);

        var printed = Reader.Print(Read(Call(name, "book", 2)));
        Assert.EndsWith(
            "call 0 book {\"seats\":2}", printed.Replace(": 2", ":2", StringComparison.Ordinal),
            StringComparison.Ordinal);
        Assert.DoesNotContain(Read(Text(name)), part => part is OutputPart.CallBegin);

        List<OutputPart> Read(string text) => Reader.Read(format, text, 3, Reader.Request(Book, Reader.Add));
    }

    [Fact]
    public void One_call_at_most_may_stand_behind_a_text()
    {
        var one = Reader.Request(Book, Reader.Add) with { ParallelCalls = false };
        var masks = Walker.Compile(Reader.Format("functionary-3.2").Constrain(one)!);
        const string Booking = "book\n{\"seats\": 2}";

        Assert.True(Walker.Allows(masks, Booking));
        Assert.True(Walker.Allows(masks, "all\nSure.>>>" + Booking));
        Assert.False(Walker.Allows(masks, Booking + ">>>" + Booking));
        Assert.False(Walker.Allows(masks, "all\nSure.>>>book\n{\"seats\": 20}"));
    }

    [Fact]
    public void Without_a_strict_tool_nothing_is_held()
    {
        foreach (var format in ToolFormats.All)
            Assert.Null(Reader.Format(format.Name).Constrain(Reader.Request(Reader.Add)));
    }

    /// <summary>How each format writes a call, written down here once more.</summary>
    private static string Call(string format, string tool, int seats)
    {
        var arguments = $$"""{"seats": {{seats}}}""";
        return format switch
        {
            "glm" => $"Sure. <tool_call>{tool}\n<arg_key>seats</arg_key>\n<arg_value>{seats}</arg_value>\n</tool_call>",
            "qwen3-coder" => $"<tool_call>\n<function={tool}>\n<parameter=seats>\n{seats}\n</parameter>\n</function>",
            "hermes" => $"Sure. <tool_call>\n{Json("arguments")}\n</tool_call>",
            "kimi" => "<|tool_calls_section_begin|><|tool_call_begin|>functions." + tool
                + $":0<|tool_call_argument_begin|>{arguments}<|tool_call_end|><|tool_calls_section_end|>",
            "deepseek" => "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>" + tool
                + $"\n```json\n{arguments}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
            "mistral" => $"[TOOL_CALLS]{tool}[ARGS]{arguments}",
            "mistral-nemo" => $"[TOOL_CALLS][{Json("arguments")}]",
            "nemotron" => $"<TOOLCALL>[{Json("arguments")}]</TOOLCALL>",
            "granite" => $"<|tool_call|>[{Json("arguments")}]<|/tool_call|>",
            "harmony" => $"<|channel|>commentary to=functions.{tool} <|constrain|>json<|message|>{arguments}",
            "pythonic" => $"[{tool}(seats={seats})]",
            "functionary-3.2" => $"{tool}\n{arguments}",
            "functionary" => $"<function={tool}>{arguments}</function>",
            "llama3" => Json("parameters"),
            "generic" => Json("arguments"),
            _ => throw new ArgumentException($"How does '{format}' write a call? Say it here.", nameof(format)),
        };

        string Json(string key) => $$"""{"name": "{{tool}}", "{{key}}": {{arguments}}}""";
    }

    private static string Text(string format) => format switch
    {
        "harmony" => "<|channel|>final<|message|>No call at all.",
        "functionary-3.2" => "all\nNo call at all.",
        _ => "No call at all.",
    };

    private static string Schema(int least, int most) => $$$"""
        {"type":"object","properties":{"seats":{"type":"integer","minimum":{{{least}}},"maximum":{{{most}}} }},
         "required":["seats"],"additionalProperties":false}
        """;
}
