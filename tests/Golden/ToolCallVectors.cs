using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Minka.Models.Templates;
using Minka.Server.Generating;
using Minka.Server.Reasoning;
using Minka.Server.Tools;

namespace Minka.Golden;

/// <summary>
/// What a model is taught to write as a call is what its template makes of a call in a conversation, so the reader that
/// is found for the template must find the same call in it. Over every conversation in <c>templates/cases.jsonl</c>
/// that has calls.
/// </summary>
public partial class ToolCallVectors
{
    private static readonly Lazy<IReadOnlyDictionary<string, JsonElement>> _cases = new(Load);

    public static TheoryData<string> Names => [.. _cases.Value.Keys.DefaultIfEmpty("none")];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_call_is_found_in_what_the_template_makes_of_it(string name)
    {
        if (!_cases.Value.TryGetValue(name, out var golden))
            Assert.Skip($"{SharedFolder.At("templates")} has no cases.jsonl with calls; set MINKA_SHARED.");
        var template = ChatTemplate.Parse(
            File.ReadAllText(SharedFolder.At("templates", golden.GetProperty("template").GetString()!)));
        var tools = ToolFormats.Of(template.Source);
        foreach (var (turn, answer, prompt) in AnswersOf(golden, template, tools))
        {
            var expected = turn.GetProperty("tool_calls").EnumerateArray().Select(CallOf).ToArray();
            if (!expected.All(call => answer.Contains(call.Name, StringComparison.Ordinal))) continue; // not rendered

            var format = new AnswerFormat(tools, ReasoningFormat.Of(template.Source), false);
            List<OutputPart> parts = [];
            var request = new ChatRequest
            {
                Messages = [new ChatTurn("user", "")],
                Tools = [.. expected.Select(call => new ToolDefinition(call.Name, null, SchemaOf(call.Arguments)))],
            };
            var reader = format.Read(request, prompt);
            reader.Push(answer, parts);
            reader.Finish(parts);

            Assert.Equal(
                expected.Select(call => call.Name),
                parts.OfType<OutputPart.CallBegin>().Select(call => call.Name));
            for (var i = 0; i < expected.Length; i++)
                Assert.True(JsonElement.DeepEquals(expected[i].Arguments, Arguments(parts, i)), answer);
        }
    }

    [Fact]
    public void The_built_in_model_calls_as_its_golden_answers_say()
    {
        using var golden = JsonDocument.Parse(
            File.ReadAllBytes(Path.Combine(SourceTree.BuiltInFolder, "golden.json")));
        var calls = 0;
        foreach (var row in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            var text = row.GetProperty("text").GetString()!;
            if (!text.StartsWith("<tool_call>", StringComparison.Ordinal)) continue;
            using var call = JsonDocument.Parse(text.Split('\n')[1]);
            var name = call.RootElement.GetProperty("name").GetString()!;
            List<OutputPart> parts = [];

            var reader = new AnswerFormat(ToolFormats.Of("<tool_call>"), null, false).Read(
                new ChatRequest
                {
                    Messages = [new ChatTurn("user", "")],
                    Tools = [new ToolDefinition(name, null, default)],
                },
                row.GetProperty("prompt").GetString()!);
            reader.Push(text, parts);
            reader.Finish(parts);

            Assert.Equal(name, Assert.Single(parts.OfType<OutputPart.CallBegin>()).Name);
            Assert.DoesNotContain(parts, part => part is OutputPart.Text);
            Assert.True(JsonElement.DeepEquals(call.RootElement.GetProperty("arguments"), Arguments(parts, 0)));
            calls++;
        }
        Assert.NotEqual(0, calls);
    }

    /// <summary>Turns with calls, what the template makes of each, and the prompt before it.</summary>
    private static IEnumerable<(JsonElement Turn, string Answer, string Prompt)> AnswersOf(
        JsonElement golden, ChatTemplate template, ToolFormat tools)
    {
        var messages = golden.GetProperty("messages").EnumerateArray().ToArray();
        for (var at = 0; at < messages.Length; at++)
        {
            if (!messages[at].TryGetProperty("tool_calls", out var calls) || calls.GetArrayLength() == 0) continue;
            if (Render(golden, template, messages[..at], true, tools) is not { } prompt
                || Render(golden, template, messages[..(at + 1)], false, tools) is not { } whole) continue;
            // Where the prompt for an answer is not how the turn begins: only what both share is before it.
            var answer = whole[whole.AsSpan().CommonPrefixLength(prompt)..];
            yield return (messages[at], EndMark().Replace(answer, ""), whole[..^answer.Length]);
        }
    }

    private static string? Render(
        JsonElement golden, ChatTemplate template, JsonElement[] messages, bool isPrompt, ToolFormat tools)
    {
        try
        {
            return template.Render(new ChatTemplateInput
            {
                Messages = TemplateValue.From(messages.Select(message => AsTemplate(message, tools))),
                Tools = TemplateValue.FromJson(golden.GetProperty("tools")),
                AddGenerationPrompt = isPrompt,
                BosToken = "",
                EosToken = "",
            });
        }
        catch (TemplateException)
        {
            return null; // the template refuses this conversation
        }
    }

    /// <summary>Arguments as the server gives them to the template: as text, or as an object.</summary>
    private static TemplateValue AsTemplate(JsonElement message, ToolFormat tools)
    {
        var node = JsonNode.Parse(message.GetRawText())!;
        foreach (var call in node["tool_calls"]?.AsArray() ?? [])
        {
            var function = call!["function"]!;
            if (tools.WantsArgumentsAsText && function["arguments"] is JsonObject arguments)
                function["arguments"] = arguments.ToJsonString();
            if (!tools.WantsArgumentsAsText && function["arguments"]?.GetValueKind() == JsonValueKind.String)
                function["arguments"] = JsonNode.Parse(function["arguments"]!.GetValue<string>());
        }
        return TemplateValue.FromJson(JsonDocument.Parse(node.ToJsonString()).RootElement);
    }

    private static (string Name, JsonElement Arguments) CallOf(JsonElement call)
    {
        var function = call.GetProperty("function");
        var arguments = function.GetProperty("arguments");
        return (function.GetProperty("name").GetString()!, arguments.ValueKind == JsonValueKind.String
            ? JsonDocument.Parse(arguments.GetString()!).RootElement : arguments);
    }

    /// <summary>A schema that says of each argument whether it is text, as formats without quotes need.</summary>
    private static JsonElement SchemaOf(JsonElement arguments) => JsonDocument.Parse(
        new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(arguments.EnumerateObject().Select(argument => KeyValuePair.Create(
                argument.Name,
                (JsonNode?)(argument.Value.ValueKind == JsonValueKind.String
                    ? new JsonObject { ["type"] = "string" } : new JsonObject())))),
        }.ToJsonString()).RootElement;

    private static JsonElement Arguments(IEnumerable<OutputPart> parts, int index) =>
        JsonDocument.Parse(string.Concat(parts.OfType<OutputPart.CallArguments>()
            .Where(part => part.Index == index).Select(part => part.Json))).RootElement;

    private static Dictionary<string, JsonElement> Load()
    {
        var cases = new Dictionary<string, JsonElement>();
        var path = SharedFolder.At("templates", "cases.jsonl");
        if (!File.Exists(path)) return cases;
        foreach (var (line, text) in File.ReadLines(path).Index().Where(row => row.Item.Contains("\"tool_calls\"")))
        {
            var golden = JsonDocument.Parse(text).RootElement;
            var name = $"{golden.GetProperty("template").GetString()}: {golden.GetProperty("name").GetString()}";
            if (!cases.TryAdd(name, golden)) cases.Add($"{name} (line {line + 1})", golden);
        }
        return cases;
    }

    /// <summary>What ends a turn; a model's end of text is never part of its answer.</summary>
    [GeneratedRegex(@"(<\|(im_end|eot_id|eom_id|endoftext)\|>|<｜end▁of▁sentence｜>|</s>)\s*$")]
    private static partial Regex EndMark();
}
