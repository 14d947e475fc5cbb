using System.Text.Json;
using Minka.Engine.Constraints;
using Minka.Models.Templates;
using Minka.Server.Generating;
using Minka.Server.Http;
using Minka.Server.OpenAi;
using Minka.Server.Tools;

namespace Minka.Server.Responses;

/// <summary>What a request for a response asks for.</summary>
/// <param name="Chat">The conversation, with what it goes on from.</param>
/// <param name="Kept">The conversation without its instructions, which do not carry over to the next response.</param>
/// <param name="IsStream">Piece by piece.</param>
/// <param name="IsStored">It can be asked for later.</param>
/// <param name="Echo">Fields that the response repeats, as JSON.</param>
internal sealed record ResponseRequest(
    ChatRequest Chat, IReadOnlyList<ChatTurn> Kept, bool IsStream, bool IsStored,
    IReadOnlyDictionary<string, string> Echo);

/// <summary>OpenAI's requests for responses as the server understands them.</summary>
internal static class ResponseFields
{
    private const int ToolsMax = 128;

    /// <summary>Reads a request.</summary>
    /// <param name="fields">The body.</param>
    /// <param name="model">Answers.</param>
    /// <param name="history">What an earlier response left.</param>
    public static ResponseRequest Read(JsonFields fields, ServedModel model, IReadOnlyList<ChatTurn> history)
    {
        if (fields.Flag("background") == true)
            throw ApiFault.Invalid("background", "'background' is not supported; ask for a stream instead.");
        IReadOnlyList<ChatTurn> kept = [.. history, .. ResponseInput.Read(fields)];
        if (kept.Count == 0)
            throw ApiFault.Invalid("input", "'input' is empty; a text or at least one item is needed.");
        ChatTurn[] instructions = fields.Text("instructions") is { Length: > 0 } text ? [new("system", text)] : [];
        var tools = ReadTools(fields);
        return new(
            new ChatRequest
            {
                Messages = [.. instructions, .. kept],
                Tools = tools,
                ToolChoice = ToolFields.Require(ReadChoice(fields), tools),
                ParallelCalls = fields.Flag("parallel_tool_calls") ?? true,
                Variables = ReadReasoning(fields),
                Options = ReadOptions(fields, model),
                Field = "input",
            },
            kept,
            fields.Flag("stream") ?? false,
            fields.Flag("store") ?? true,
            ReadEcho(fields));
    }

    private static Dictionary<string, string> ReadEcho(JsonFields fields)
    {
        var echo = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, otherwise) in ResponseReply.Echoed)
        {
            try
            {
                // Written anew: a line break in it would end an event's line.
                echo[name] = fields.TryGet(name, out var value) ? JsonText.Write(value.WriteTo) : otherwise;
            }
            catch (InvalidOperationException)
            {
                throw ApiFault.Invalid(name, $"'{name}' holds half a surrogate pair; send whole characters.",
                    "invalid_json");
            }
        }
        return echo;
    }

    private static TextOptions ReadOptions(JsonFields fields, ServedModel model)
    {
        var includes = fields.List("include", 16).Select(name => JsonFields.TextOf(name, "include"));
        return SamplingFields.Read(fields, model) with
        {
            TokensMax = fields.Whole("max_output_tokens", 1, int.MaxValue) ?? int.MaxValue,
            Constraint = ReadFormat(fields),
            ConstraintField = "text.format",
            Choices = 1,
            WantsLogprobs = includes.Contains("message.output_text.logprobs"),
            TopLogprobs = fields.Whole("top_logprobs", 0, Minka.Engine.GenerationRequest.TopLogprobsMax) ?? 0,
        };
    }

    private static Constraint? ReadFormat(JsonFields fields)
    {
        if (fields.Object("text")?.Object("format") is not { } format) return null;
        return format.NeedText("type") switch
        {
            "text" => null,
            "json_object" => Constraint.JsonObject,
            "json_schema" => Constraint.JsonSchema(
                (format.Object("schema") ?? throw format.Missing("schema", "a JSON schema")).Element.GetRawText()),
            var other => throw format.Unknown("type", other, "text, json_object or json_schema"),
        };
    }

    private static List<ToolDefinition> ReadTools(JsonFields fields)
    {
        var tools = new List<ToolDefinition>();
        foreach (var element in fields.List("tools", ToolsMax))
        {
            var tool = new JsonFields(element, $"tools[{tools.Count}]");
            if (tool.NeedText("type") is not "function" and var other)
                throw tool.Unknown("type", other, "function", ToolFields.NoneOfItsOwn);
            tools.Add(ToolFields.ReadFunction(tool));
        }
        ToolFields.RequireDistinct(tools);
        return tools;
    }

    private static ToolChoice ReadChoice(JsonFields fields)
    {
        if (!fields.TryGet("tool_choice", out var value)) return ToolChoice.Auto;
        if (value.ValueKind == JsonValueKind.Object)
        {
            var choice = new JsonFields(value, "tool_choice");
            return choice.NeedText("type") == "function"
                ? ToolChoice.Named(choice.NeedText("name"))
                : throw choice.Unknown("type", choice.NeedText("type"), "function");
        }
        return JsonFields.TextOf(value, "tool_choice") switch
        {
            "auto" => ToolChoice.Auto,
            "none" => ToolChoice.None,
            "required" => ToolChoice.Required,
            var other => throw fields.Unknown("tool_choice", other, "auto, none, required or a function"),
        };
    }

    private static Dictionary<string, TemplateValue> ReadReasoning(JsonFields fields)
    {
        if (fields.Object("reasoning")?.Text("effort") is not { } effort) return [];
        return new()
        {
            ["reasoning_effort"] = TemplateValue.From(effort),
            ["enable_thinking"] = TemplateValue.From(effort != "none"),
        };
    }
}
