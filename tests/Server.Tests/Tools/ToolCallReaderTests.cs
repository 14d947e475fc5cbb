using System.Text.Json;
using Minka.Server.Generating;

namespace Minka.Server.Tests.Tools;

public class ToolCallReaderTests
{
    /// <summary>Format, what the model writes, what a client sees.</summary>
    public static readonly TheoryData<string, string, string> Answers = new()
    {
        { "hermes", "It rains. 1 < 2 <tool", "It rains. 1 < 2 <tool" },
        { "hermes", "  Two  \n\n", "  Two  \n\n" },
        {
            "hermes", "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\"}}\n</tool_call>",
            "call 0 get_weather {\"city\": \"Oslo\"}"
        },
        {
            "hermes",
            "Let me look.\n<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": 2}}\n</tool_call>\n"
                + "<tool_call>\n{\"name\":\"get_weather\",\"arguments\":{\"city\":\"a}\\\"\\u00e9\"}}\n</tool_call>\n",
            "Let me look.|call 0 add {\"a\": 1, \"b\": 2}|call 1 get_weather {\"city\":\"a}\\\"\\u00e9\"}"
        },
        {
            "hermes", "<tool_call>{\"arguments\": {\"a\": 1.5e-3}, \"name\": \"add\"}</tool_call> Done.",
            "call 0 add {\"a\": 1.5e-3}|Done."
        },
        { "hermes", "<tool_call>{\"name\": \"add\"}</tool_call>", "call 0 add {}" },
        { "hermes", "<tool_call>{\"name\": \"add\", \"arguments\": null}", "call 0 add {}" },
        {
            "hermes", "<tool_call>{\"name\": \"add\", \"arguments\": \"{\\\"a\\\": 1}\"}</tool_call>",
            "call 0 add {\"a\": 1}"
        },
        {
            "hermes", "<tool_call>{\"name\": \"fly\", \"arguments\": {\"a\": 1}}</tool_call>",
            "<tool_call>{\"name\": \"fly\", \"arguments\": {\"a\": 1}}"
        },
        { "hermes", "<tool_call>{\"city\": 1}", "<tool_call>{\"city\": 1}" },
        { "hermes", "Use <tool_call> like this.", "Use <tool_call> like this." },
        { "hermes", "<tool_call>\n{\"name\": \"add\", \"arg", "<tool_call>\n{\"name\": \"add\", \"arg" },
        {
            "hermes", "<tool_call><tool_call>{\"name\": \"add\", \"arguments\": {}}</tool_call>",
            "<tool_call>|call 0 add {}"
        },
        {
            "hermes", "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 1,,}} x",
            "call 0 add {\"a\": 1,|broken <tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 1,,|}} x"
        },
        {
            "glm", "Sure.\n<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>12</arg_value>\n"
                + "<arg_key>days</arg_key>\n<arg_value>3</arg_value>\n</tool_call>",
            "Sure.|call 0 get_weather {\"city\": \"12\", \"days\": 3}"
        },
        { "glm", "<tool_call>add\n</tool_call>", "call 0 add {}" },
        { "glm", "<tool_call>fly\n</tool_call>", "<tool_call>fly\n</tool_call>" },
        { "functionary-3.2", "all\nIt rains. 1 >> 2", "It rains. 1 >> 2" },
        { "functionary-3.2", "It rains.", "It rains." },
        { "functionary-3.2", "add\n{\"a\": 1, \"b\": 2}", "call 0 add {\"a\": 1, \"b\": 2}" },
        {
            "functionary-3.2",
            ">>>all\nLet me look.>>>get_weather\n{\"city\": \">>>all\"}\n>>>add\n{\"a\": 1, \"b\": 2}",
            "Let me look.|call 0 get_weather {\"city\": \">>>all\"}|call 1 add {\"a\": 1, \"b\": 2}"
        },
        { "functionary-3.2", "all\nUse >>>fly\n{} then", "Use >>>fly\n{} then" },
        { "functionary-3.2", "add\n{\"a\": 1,,", "call 0 add {\"a\": 1,|broken >>>add\n{\"a\": 1,," },
        {
            "qwen3-coder", "<tool_call>\n<function=get_weather>\n<parameter=city>\n"
                + "San \"F\"\n</parameter>\n</function>\n</tool_call>",
            "call 0 get_weather {\"city\": \"San \\\"F\\\"\"}"
        },
        {
            "kimi", "Hm.<|tool_calls_section_begin|><|tool_call_begin|>functions.add:0<|tool_call_argument_begin|>"
                + "{\"a\": 1}<|tool_call_end|><|tool_call_begin|>functions.get_weather:1<|tool_call_argument_begin|>"
                + "{}<|tool_call_end|><|tool_calls_section_end|>",
            "Hm.|call 0 add {\"a\": 1}|call 1 get_weather {}"
        },
        {
            "deepseek", "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>add\n```json\n{\"a\": 1}\n```"
                + "<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
            "call 0 add {\"a\": 1}|call 1 get_weather {}"
        },
        {
            "mistral", "[TOOL_CALLS]add[CALL_ID]abcdefghi[ARGS]{\"a\": 1}[TOOL_CALLS]get_weather[ARGS]{}",
            "call 0 add {\"a\": 1}|call 1 get_weather {}"
        },
        {
            "mistral-nemo", "[TOOL_CALLS][{\"name\": \"add\", \"arguments\": {\"a\": 1}, \"id\": \"123456789\"}, "
                + "{\"name\": \"get_weather\", \"arguments\": {}}]",
            "call 0 add {\"a\": 1}|call 1 get_weather {}"
        },
        {
            "nemotron", "<TOOLCALL>[{\"name\": \"add\", \"arguments\": {}}]</TOOLCALL>", "call 0 add {}"
        },
        {
            "functionary", "<function=add>{\"a\": 1}</function>\n<function=get_weather>{}</function>",
            "call 0 add {\"a\": 1}|call 1 get_weather {}"
        },
        { "llama3", "{\"name\": \"add\", \"parameters\": {\"a\": \"1\"}}", "call 0 add {\"a\": \"1\"}" },
        {
            "llama3", "{\"type\": \"function\", \"name\": \"add\", \"parameters\": {}}; "
                + "{\"name\": \"get_weather\", \"parameters\": {}}",
            "call 0 add {}|call 1 get_weather {}"
        },
        { "llama3", "<|python_tag|>{\"name\": \"add\", \"parameters\": {}}<|eom_id|>", "call 0 add {}" },
        { "llama3", "<|python_tag|>get_weather.call(city=\"Oslo\")", "call 0 get_weather {\"city\":\"Oslo\"}" },
        { "llama3", "{\"answer\": [1, 2]}", "{\"answer\": [1, 2]}" },
        { "llama3", " Hello {\"name\": \"add\"}", " Hello {\"name\": \"add\"}" },
        {
            "llama3", "[get_weather(city='O\\'Hare', days=2), add(a=-1, b=[True, None, {'k': 1.5}])]",
            "call 0 get_weather {\"city\":\"O'Hare\",\"days\":2}|call 1 add {\"a\":-1,\"b\":[true,null,{\"k\":1.5}]}"
        },
        { "llama3", "[1, 2] is a list", "[1, 2] is a list" },
        { "pythonic", "[add(a=1, b=2)]", "call 0 add {\"a\":1,\"b\":2}" },
        { "pythonic", "[fly(a=1)]", "[fly(a=1)]" },
        { "generic", "{\"name\": \"add\", \"arguments\": {\"a\": 1}}", "call 0 add {\"a\": 1}" },
        { "generic", "I am {sure}.", "I am {sure}." },
        {
            "harmony", "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary "
                + "to=functions.add <|constrain|>json<|message|>{\"a\": 1}<|call|>",
            "thinks Hm.|call 0 add {\"a\": 1}"
        },
        {
            "harmony", " to=functions.add<|channel|>commentary json<|message|>{}<|call|>", "call 0 add {}"
        },
        {
            "harmony", "<|channel|>analysis<|message|>Easy.<|end|>"
                + "<|start|>assistant<|channel|>final<|message|>It is 2.<|return|>",
            "thinks Easy.|It is 2."
        },
    };

    [Theory, MemberData(nameof(Answers))]
    public void An_answer_is_the_same_wherever_it_is_cut(string format, string text, string expected)
    {
        for (var size = 1; size <= 7; size++)
            Assert.Equal(expected, Reader.Print(Reader.Read(Reader.Format(format), text, size)));
        Assert.Equal(expected, Reader.Print(Reader.Read(Reader.Format(format), text, text.Length)));
    }

    [Theory, MemberData(nameof(Answers))]
    public void What_was_shown_at_any_moment_is_the_beginning_of_what_is_shown_in_the_end(
        string format, string text, string expected)
    {
        Assert.NotEmpty(expected);
        var reader = Reader.Format(format).Read(Reader.Request(Reader.Weather, Reader.Add), "");
        List<OutputPart> parts = [];
        var whole = Reader.Print(Reader.Read(Reader.Format(format), text, 1));
        foreach (var unit in text)
        {
            reader.Push(unit.ToString(), parts);
            Assert.StartsWith(Reader.Print(parts), whole);
        }
    }

    [Fact]
    public void Arguments_are_passed_on_before_the_call_is_whole()
    {
        var reader = Reader.Format("hermes").Read(Reader.Request(Reader.Weather), "");
        List<OutputPart> parts = [];

        reader.Push("<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Os", parts);

        Assert.Equal("call 0 get_weather {\"city\": \"Os", Reader.Print(parts));
    }

    [Fact]
    public void Without_tools_a_call_is_content()
    {
        const string Text = "<tool_call>{\"name\": \"add\", \"arguments\": {}}</tool_call>";

        Assert.Equal(Text, Reader.Print(Reader.Read(Reader.Format("hermes"), Text, 3, Reader.Request())));
    }

    [Fact]
    public void Random_answers_end_without_an_exception_and_whole_calls_have_arguments_that_are_JSON()
    {
        string[] pieces =
        [
            "<tool_call>", "</tool_call>", "{\"name\": \"add\", \"arguments\": ", "{\"a\": 1}",
            "}", "{", "[", "]", "\"", "\\",
            "[TOOL_CALLS]", "[ARGS]", "add", "(", ")", "a=1", ",", "<|message|>", "<|channel|>", "functions.add",
            ">>>", "all\n", "add\n",
            "<function=add>", "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>", "<parameter=a>", " ", "\n",
            "é", "1",
        ];
        var random = new Random(7);
        for (var round = 0; round < 6000; round++)
        {
            var text = string.Concat(random.GetItems(pieces, random.Next(1, 14)));
            foreach (var format in Minka.Server.Tools.ToolFormats.All)
            {
                var parts = Reader.Read(Reader.Format(format.Name), text, random.Next(1, 9));
                if (parts.OfType<OutputPart.CallBroken>().Any()) continue;
                foreach (var call in parts.OfType<OutputPart.CallArguments>().GroupBy(part => part.Index))
                    JsonDocument.Parse(string.Concat(call.Select(part => part.Json))).Dispose();
            }
        }
    }
}
