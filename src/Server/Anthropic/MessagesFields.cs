using System.Text.Json;
using Minka.Models.Templates;
using Minka.Server.Generating;
using Minka.Server.Http;
using Minka.Server.OpenAi;

namespace Minka.Server.Anthropic;

/// <summary>Anthropic's requests as the server understands them.</summary>
internal static class MessagesFields
{
    private const int MessagesMax = 10_000, BlocksMax = 1_000, ToolsMax = 128, StopsMax = 16, StopCharsMax = 256;

    /// <summary>A conversation, but for its options.</summary>
    public static ChatRequest ReadChat(JsonFields fields)
    {
        var messages = fields.List("messages", MessagesMax);
        if (messages.Count == 0)
            throw ApiFault.Invalid("messages", "'messages' is missing or empty; at least one message is needed.");
        var turns = new List<ChatTurn>();
        if (ReadText(fields, "system") is { Length: > 0 } system) turns.Add(new ChatTurn("system", system));
        for (var i = 0; i < messages.Count; i++) ReadMessage(new JsonFields(messages[i], $"messages[{i}]"), turns);

        var tools = ReadTools(fields);
        var choice = fields.Object("tool_choice");
        return new ChatRequest
        {
            Messages = turns,
            Tools = tools,
            ToolChoice = choice is { } wanted ? ToolFields.Require(ReadChoice(wanted), tools) : ToolChoice.Auto,
            ParallelCalls = choice?.Flag("disable_parallel_tool_use") != true,
            Variables = ReadThinking(fields),
            ContinuesLast = turns[^1] is { Role: "assistant", Calls.Count: 0, Content.Length: > 0 },
        };
    }

    /// <summary>How it is answered.</summary>
    public static TextOptions ReadOptions(JsonFields fields, ServedModel model)
    {
        var most = fields.Whole("max_tokens", 1, int.MaxValue)
            ?? throw fields.Missing("max_tokens", "a whole number above 0");
        var stops = fields.List("stop_sequences", StopsMax)
            .Select(stop => JsonFields.TextOf(stop, "stop_sequences")).ToList();
        if (stops.Find(stop => stop.Length is 0 or > StopCharsMax) is { } odd)
            throw ApiFault.Invalid("stop_sequences",
                $"'stop_sequences' holds a text of {odd.Length} characters; 1 to {StopCharsMax} are needed.");
        return SamplingFields.Read(fields, model) with { TokensMax = most, Stops = stops, Choices = 1 };
    }

    /// <summary>One message may be several turns: results of tools stand among a user's words.</summary>
    private static void ReadMessage(JsonFields message, List<ChatTurn> turns)
    {
        var role = message.NeedText("role");
        if (role is not ("user" or "assistant"))
            throw message.Unknown("role", role, "user or assistant");
        if (!message.TryGet("content", out var content))
            throw message.Missing("content", "a string or a list of blocks");
        if (content.ValueKind == JsonValueKind.String)
        {
            turns.Add(new ChatTurn(role, JsonFields.TextOf(content, message.PathOf("content"))));
            return;
        }
        var (texts, thoughts, calls) = (new List<string>(), new List<string>(), new List<ToolCall>());
        var before = turns.Count;
        foreach (var (i, element) in message.List("content", BlocksMax).Index())
        {
            var block = new JsonFields(element, $"{message.PathOf("content")}[{i}]");
            switch (block.NeedText("type"))
            {
                case "text":
                    texts.Add(block.NeedText("text"));
                    break;
                case "thinking" when role == "assistant":
                    thoughts.Add(block.NeedText("thinking"));
                    break;
                case "redacted_thinking" when role == "assistant":
                    break; // nobody here can read it
                case "tool_use" when role == "assistant":
                    calls.Add(new ToolCall(
                        block.NeedText("id"), block.NeedText("name"),
                        block.Object("input")?.Element.GetRawText() ?? "{}"));
                    break;
                case "tool_result" when role == "user":
                    turns.Add(ReadResult(block));
                    break;
                case var type:
                    throw ApiFault.Invalid(block.PathOf("type"), $"'{block.PathOf("type")}' is "
                        + $"'{type[..Math.Min(type.Length, 40)]}', which a message of {role} cannot have here.");
            }
        }
        if (texts.Count == 0 && calls.Count == 0 && turns.Count > before) return;
        turns.Add(new ChatTurn(role, texts.Count == 0 && calls.Count > 0 ? null : string.Join('\n', texts))
        {
            Reasoning = thoughts.Count > 0 ? string.Join('\n', thoughts) : null,
            Calls = calls,
        });
    }

    private static ChatTurn ReadResult(JsonFields block)
    {
        var text = ReadText(block, "content") ?? "";
        return new ChatTurn("tool", block.Flag("is_error") == true ? $"Error: {text}" : text)
        {
            CallId = block.NeedText("tool_use_id"),
        };
    }

    /// <summary>A string, or blocks of text.</summary>
    private static string? ReadText(JsonFields fields, string name)
    {
        if (!fields.TryGet(name, out var value)) return null;
        if (value.ValueKind == JsonValueKind.String) return JsonFields.TextOf(value, fields.PathOf(name));
        return string.Join('\n', fields.List(name, BlocksMax).Select((element, i) =>
        {
            var block = new JsonFields(element, $"{fields.PathOf(name)}[{i}]");
            return block.NeedText("type") == "text"
                ? block.NeedText("text")
                : throw block.Unknown("type", block.NeedText("type"), "text");
        }));
    }

    private static List<ToolDefinition> ReadTools(JsonFields fields)
    {
        var tools = new List<ToolDefinition>();
        foreach (var element in fields.List("tools", ToolsMax))
        {
            var tool = new JsonFields(element, $"tools[{tools.Count}]");
            if (tool.Text("type") is not (null or "custom") and var other)
                throw tool.Unknown("type", other, "custom", ToolFields.NoneOfItsOwn);
            tools.Add(ToolFields.ReadFunction(tool, "input_schema"));
        }
        ToolFields.RequireDistinct(tools);
        return tools;
    }

    private static ToolChoice ReadChoice(JsonFields choice) => choice.NeedText("type") switch
    {
        "auto" => ToolChoice.Auto,
        "any" => ToolChoice.Required,
        "none" => ToolChoice.None,
        "tool" => ToolChoice.Named(choice.NeedText("name")),
        var other => throw choice.Unknown("type", other, "auto, any, tool or none"),
    };

    private static Dictionary<string, TemplateValue> ReadThinking(JsonFields fields) =>
        fields.Object("thinking") is { } thinking
            ? new() { ["enable_thinking"] = TemplateValue.From(thinking.NeedText("type") != "disabled") }
            : [];
}
