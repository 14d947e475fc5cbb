using System.Text.Json;
using Minka.Server.Generating;
using Minka.Server.Http;
using Minka.Server.OpenAi;

namespace Minka.Server.Responses;

/// <summary>The input of a response: a text, or items.</summary>
internal static class ResponseInput
{
    private const int ItemsMax = 10_000, PartsMax = 1_000;

    /// <summary>Its turns. Items of an assistant that follow each other are one turn.</summary>
    public static List<ChatTurn> Read(JsonFields fields)
    {
        if (!fields.TryGet("input", out var input)) throw fields.Missing("input", "a text or a list of items");
        if (input.ValueKind == JsonValueKind.String) return [new ChatTurn("user", JsonFields.TextOf(input, "input"))];
        List<ChatTurn> turns = [];
        foreach (var (i, element) in fields.List("input", ItemsMax, "a text or a list of items").Index())
        {
            var item = new JsonFields(element, $"input[{i}]");
            switch (item.Text("type") ?? "message")
            {
                case "message":
                    AddMessage(item, turns);
                    break;
                case "function_call":
                    var call = new ToolCall(
                        item.NeedText("call_id"), item.NeedText("name"), item.Text("arguments") ?? "{}");
                    Continue(turns, turn => turn with { Calls = [.. turn.Calls, call] });
                    break;
                case "function_call_output":
                    turns.Add(new ChatTurn("tool", ReadText(item, "output") ?? "")
                    {
                        CallId = item.NeedText("call_id"),
                    });
                    break;
                case "reasoning":
                    turns.Add(new ChatTurn("assistant", null) { Reasoning = ReadText(item, "content") });
                    break;
                case var other:
                    throw item.Unknown("type", other, "message, function_call, function_call_output or reasoning");
            }
        }
        return turns;
    }

    private static void AddMessage(JsonFields item, List<ChatTurn> turns)
    {
        var role = item.NeedText("role") switch
        {
            "developer" => "system",
            "system" or "user" or "assistant" => item.NeedText("role"),
            var other => throw item.Unknown("role", other, "system, developer, user or assistant"),
        };
        var text = ReadText(item, "content") ?? throw item.Missing("content", "a text or a list of parts");
        // What was thought belongs to the answer behind it.
        if (role == "assistant" && turns is [.., { Role: "assistant", Content: null, Calls.Count: 0 }])
            turns[^1] = turns[^1] with { Content = text };
        else turns.Add(new ChatTurn(role, text));
    }

    private static void Continue(List<ChatTurn> turns, Func<ChatTurn, ChatTurn> change)
    {
        if (turns is not [.., { Role: "assistant" }]) turns.Add(new ChatTurn("assistant", null));
        turns[^1] = change(turns[^1]);
    }

    /// <summary>A text, or parts of text.</summary>
    private static string? ReadText(JsonFields item, string name)
    {
        if (!item.TryGet(name, out var value)) return null;
        if (value.ValueKind == JsonValueKind.String) return JsonFields.TextOf(value, item.PathOf(name));
        return string.Join('\n', item.List(name, PartsMax).Select((element, i) =>
        {
            var part = new JsonFields(element, $"{item.PathOf(name)}[{i}]");
            return part.NeedText("type") switch
            {
                "input_text" or "output_text" or "text" or "reasoning_text" => part.NeedText("text"),
                "refusal" => part.NeedText("refusal"),
                var other => throw part.Unknown("type", other, "input_text or output_text", ChatFields.TextOnly),
            };
        }));
    }
}
