using System.Text.Json;
using Minka.Engine.Constraints;
using Minka.Models.Templates;
using Minka.Server.Generating;
using Minka.Server.Http;
using Minka.Server.OpenAi;

namespace Minka.Server.Ollama;

/// <summary>Ollama's requests as the server understands them.</summary>
internal static class OllamaFields
{
    private const int MessagesMax = 10_000, CallsMax = 128;

    /// <summary>Whether the answer comes in lines; Ollama's default.</summary>
    public static bool IsStream(JsonFields fields) => fields.Flag("stream") ?? true;

    /// <summary><c>options</c>, <c>format</c> and <c>num_predict</c>.</summary>
    public static TextOptions ReadOptions(JsonFields fields, ServedModel model)
    {
        using var none = JsonDocument.Parse("{}");
        var options = fields.Object("options") ?? new JsonFields(none.RootElement);
        return SamplingFields.Read(options, model) with
        {
            TokensMax = options.Whole("num_predict", -2, int.MaxValue) is { } most and >= 0 ? most : int.MaxValue,
            Constraint = ReadFormat(fields),
            ConstraintField = "format",
            Choices = 1,
        };
    }

    /// <summary>A chat; null when there is no message: the model is only to be loaded.</summary>
    public static ChatRequest? ReadChat(JsonFields fields, ServedModel model)
    {
        var turns = new List<ChatTurn>();
        foreach (var message in fields.List("messages", MessagesMax))
            turns.Add(ReadTurn(new JsonFields(message, $"messages[{turns.Count}]")));
        if (turns.Count == 0) return null;
        return new ChatRequest
        {
            Messages = turns,
            Tools = ToolFields.Read(fields),
            Variables = ReadThink(fields),
            ContinuesLast = turns[^1] is { Role: "assistant", Calls.Count: 0, Content.Length: > 0 },
            Options = ReadOptions(fields, model),
        };
    }

    /// <summary>A prompt in the model's template; null when there is none: the model is only to be loaded.</summary>
    public static ChatRequest? ReadPrompt(JsonFields fields, ServedModel model)
    {
        RefuseImages(fields);
        foreach (var name in (string[])["suffix", "context", "template"])
            if (fields.TryGet(name, out var value) && !IsEmpty(value))
                throw ApiFault.Invalid(name, $"'{name}' is not supported; send whole conversations to /api/chat.");
        if (fields.Text("prompt") is not { Length: > 0 } prompt) return null;
        ChatTurn[] system = fields.Text("system") is { Length: > 0 } words ? [new ChatTurn("system", words)] : [];
        return new ChatRequest
        {
            Messages = [.. system, new ChatTurn("user", prompt)],
            Variables = ReadThink(fields),
            Options = ReadOptions(fields, model),
        };
    }

    private static ChatTurn ReadTurn(JsonFields message)
    {
        RefuseImages(message);
        var role = message.NeedText("role");
        if (role is not ("system" or "user" or "assistant" or "tool"))
            throw message.Unknown("role", role, "system, user, assistant or tool");
        return new ChatTurn(role, message.Text("content") ?? "")
        {
            Reasoning = role == "assistant" ? message.Text("thinking") : null,
            Calls = role == "assistant" ? ReadCalls(message) : [],
            CallId = role == "tool" ? message.Text("tool_call_id") : null,
            Name = role == "tool" ? message.Text("tool_name") ?? message.Text("name") : null,
        };
    }

    // Ollama has no ids: calls are told apart by their order.
    private static List<ToolCall> ReadCalls(JsonFields message)
    {
        var calls = new List<ToolCall>();
        foreach (var element in message.List("tool_calls", CallsMax))
        {
            var call = new JsonFields(element, $"{message.PathOf("tool_calls")}[{calls.Count}]");
            var function = call.Object("function") ?? throw call.Missing("function", "an object");
            var arguments = function.Object("arguments")?.Element.GetRawText() ?? "{}";
            calls.Add(new ToolCall(call.Text("id") ?? $"call_{calls.Count}", function.NeedText("name"), arguments));
        }
        return calls;
    }

    private static Constraint? ReadFormat(JsonFields fields)
    {
        if (!fields.TryGet("format", out var format)) return null;
        if (format.ValueKind == JsonValueKind.Object) return Constraint.JsonSchema(format.GetRawText());
        return JsonFields.TextOf(format, "format") switch
        {
            "" => null,
            "json" => Constraint.JsonObject,
            var other => throw fields.Unknown("format", other, "json or a JSON schema"),
        };
    }

    private static Dictionary<string, TemplateValue> ReadThink(JsonFields fields)
    {
        if (!fields.TryGet("think", out var think)) return [];
        if (think.ValueKind != JsonValueKind.String)
            return new() { ["enable_thinking"] = TemplateValue.From(fields.Flag("think") ?? true) };
        return new()
        {
            ["enable_thinking"] = TemplateValue.From(true),
            ["reasoning_effort"] = TemplateValue.From(JsonFields.TextOf(think, "think")),
        };
    }

    private static void RefuseImages(JsonFields fields)
    {
        if (fields.List("images", int.MaxValue).Count > 0)
            throw ApiFault.Invalid(fields.PathOf("images"),
                $"'{fields.PathOf("images")}' holds images; this server takes text only.");
    }

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.ValueEquals(""),
        JsonValueKind.Array => value.GetArrayLength() == 0,
        _ => false,
    };
}
