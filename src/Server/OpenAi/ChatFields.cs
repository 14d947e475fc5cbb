using System.Text.Json;
using Minka.Models.Templates;
using Minka.Server.Generating;
using Minka.Server.Http;

namespace Minka.Server.OpenAi;

/// <summary>The fields of a chat request: messages, and what the template is told besides.</summary>
internal static class ChatFields
{
    /// <summary>Why no other parts of messages are taken.</summary>
    public const string TextOnly = "this server reads no images, sounds or files";

    private const int MessagesMax = 10_000, PartsMax = 1_000, CallsMax = 128;

    /// <summary>Reads a request but for its <see cref="ChatRequest.Options"/>.</summary>
    public static ChatRequest Read(JsonFields fields)
    {
        if (fields.Has("chat_template"))
            throw ApiFault.Invalid("chat_template", "'chat_template' is not taken from requests; start the server "
                + "with --chat-template.");
        foreach (var old in (string[])["functions", "function_call"])
            if (fields.Has(old))
                throw ApiFault.Invalid(old, $"'{old}' is what 'tools' and 'tool_choice' were before; send those.");
        foreach (var kind in fields.List("modalities", 8).Select(kind => JsonFields.TextOf(kind, "modalities")))
            if (kind != "text") throw fields.Unknown("modalities", kind, "text", "this server says nothing aloud");
        var continues = fields.Flag("continue_final_message") ?? false;
        if (continues && fields.Flag("add_generation_prompt") == true)
            throw ApiFault.Invalid("continue_final_message",
                "'continue_final_message' and 'add_generation_prompt' exclude each other; send one.");
        var tools = ToolFields.Read(fields);
        return new ChatRequest
        {
            Messages = ReadMessages(fields),
            Tools = tools,
            ToolChoice = ToolFields.ReadChoice(fields, tools),
            ParallelCalls = fields.Flag("parallel_tool_calls") ?? true,
            Variables = ReadVariables(fields),
            AddsGenerationPrompt = fields.Flag("add_generation_prompt") ?? true,
            ContinuesLast = continues,
        };
    }

    private static List<ChatTurn> ReadMessages(JsonFields fields)
    {
        var messages = fields.List("messages", MessagesMax);
        if (messages.Count == 0)
            throw fields.Has("messages")
                ? ApiFault.Invalid("messages", "'messages' is empty; at least one message is needed.")
                : fields.Missing("messages", "a list of messages");
        var turns = new List<ChatTurn>(messages.Count);
        foreach (var message in messages) turns.Add(ReadTurn(new JsonFields(message, $"messages[{turns.Count}]")));
        return turns;
    }

    private static ChatTurn ReadTurn(JsonFields message)
    {
        var role = message.NeedText("role") switch
        {
            "developer" => "system",
            "function" => "tool",
            "system" or "user" or "assistant" or "tool" => message.NeedText("role"),
            var other => throw message.Unknown("role", other, "system, developer, user, assistant or tool"),
        };
        var calls = role == "assistant" ? ReadCalls(message) : [];
        var content = ReadContent(message);
        if (content is null && calls.Count == 0 && role != "assistant")
            throw message.Missing("content", "a string or a list of parts");
        return new ChatTurn(role, content)
        {
            Reasoning = role == "assistant" ? message.Text("reasoning_content") ?? message.Text("reasoning") : null,
            Calls = calls,
            CallId = role == "tool" ? message.Text("tool_call_id") : null,
            Name = message.Text("name"),
        };
    }

    private static string? ReadContent(JsonFields message)
    {
        if (!message.TryGet("content", out var content)) return null;
        var path = message.PathOf("content");
        if (content.ValueKind == JsonValueKind.String) return JsonFields.TextOf(content, path);
        if (content.ValueKind != JsonValueKind.Array) throw message.Wrong("content", content, "a string or a list");
        var texts = new List<string>();
        foreach (var element in message.List("content", PartsMax))
        {
            var part = new JsonFields(element, $"{path}[{texts.Count}]");
            texts.Add(part.NeedText("type") switch
            {
                "text" => part.NeedText("text"),
                "refusal" => part.NeedText("refusal"),
                var other => throw part.Unknown("type", other, "text", TextOnly),
            });
        }
        return string.Join('\n', texts);
    }

    private static List<ToolCall> ReadCalls(JsonFields message)
    {
        var calls = new List<ToolCall>();
        foreach (var element in message.List("tool_calls", CallsMax))
        {
            var call = new JsonFields(element, $"{message.PathOf("tool_calls")}[{calls.Count}]");
            var function = call.Object("function") ?? throw call.Missing("function", "an object");
            calls.Add(new ToolCall(
                call.Text("id") ?? "", function.NeedText("name"), ReadArguments(function)));
        }
        return calls;
    }

    // A JSON text, as OpenAI has it; some clients send the object itself.
    private static string ReadArguments(JsonFields function)
    {
        if (!function.TryGet("arguments", out var arguments)) return "{}";
        return arguments.ValueKind == JsonValueKind.Object
            ? arguments.GetRawText()
            : JsonFields.TextOf(arguments, function.PathOf("arguments"));
    }

    private static Dictionary<string, TemplateValue> ReadVariables(JsonFields fields)
    {
        var variables = new Dictionary<string, TemplateValue>(StringComparer.Ordinal);
        if (fields.Text("reasoning_effort") is { } effort)
        {
            variables["reasoning_effort"] = TemplateValue.From(effort);
            if (effort == "none") variables["enable_thinking"] = TemplateValue.From(false);
        }
        if (fields.Object("chat_template_kwargs") is not { } named) return variables;
        foreach (var entry in named.Element.EnumerateObject())
        {
            // What the request itself says elsewhere cannot be said otherwise here.
            if (entry.Name is "messages" or "tools" or "chat_template") continue;
            try
            {
                variables[entry.Name] = TemplateValue.FromJson(entry.Value);
            }
            catch (TemplateException wrong)
            {
                throw ApiFault.Invalid("chat_template_kwargs", wrong.Message);
            }
        }
        return variables;
    }
}
