using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Minka.Server.Generating;
using Minka.Server.Http;

namespace Minka.Server.Responses;

/// <summary>What a stored response was asked with, as OpenAI lists it: the conversation up to its output, item by
/// item, a page at a time.</summary>
internal static class InputItems
{
    private const int PageUsual = 20, PageMax = 100;

    private delegate void Body(Utf8JsonWriter json);

    /// <summary>An item: its id, its type and how its other fields are written.</summary>
    private sealed record Item(string Id, string Type, Body WriteBody);

    /// <summary>Writes the page that a query wants: <c>limit</c>, <c>order</c> (newest first unless it is asc),
    /// <c>after</c> an item.</summary>
    /// <exception cref="ApiFault">The query makes no sense.</exception>
    public static void Write(Utf8JsonWriter json, StoredResponse response, IQueryCollection query)
    {
        var items = Of(response);
        if (IsNewestFirst(query)) items.Reverse();
        var from = query["after"].ToString() is { Length: > 0 } after
            ? items.FindIndex(item => item.Id == after) + 1 : 0;
        if (from == 0 && query["after"].Count > 0)
            throw ApiFault.Invalid("after", "'after' is no item of this response; take 'last_id' of a page.");
        var page = items.Skip(from).Take(PageOf(query)).ToList();
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        foreach (var item in page) Write(json, item);
        json.WriteEndArray();
        json.WriteString("first_id", page is [] ? null : page[0].Id);
        json.WriteString("last_id", page is [] ? null : page[^1].Id);
        json.WriteBoolean("has_more", from + page.Count < items.Count);
        json.WriteEndObject();
    }

    private static bool IsNewestFirst(IQueryCollection query) => query["order"].ToString() switch
    {
        "" or "desc" => true,
        "asc" => false,
        var other => throw JsonFields.UnknownAt("order", other, "asc or desc"),
    };

    private static int PageOf(IQueryCollection query)
    {
        if (query["limit"].ToString() is not { Length: > 0 } text) return PageUsual;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
            && limit is >= 1 and <= PageMax
            ? limit : throw JsonFields.UnknownAt("limit", text, $"a whole number from 1 to {PageMax}");
    }

    private static void Write(Utf8JsonWriter json, Item item)
    {
        json.WriteStartObject();
        json.WriteString("id", item.Id);
        json.WriteString("type", item.Type);
        json.WriteString("status", "completed");
        item.WriteBody(json);
        json.WriteEndObject();
    }

    /// <summary>Items in the order of the conversation, without the response's own output. Their ids follow from the
    /// response's, so that they are the same each time.</summary>
    private static List<Item> Of(StoredResponse response)
    {
        List<Item> items = [];
        void Add(string prefix, string type, Body body) => items.Add(new(string.Create(
            CultureInfo.InvariantCulture, $"{prefix}_{response.Id["resp_".Length..]}{items.Count:x4}"), type, body));
        foreach (var turn in response.Turns.SkipLast(1))
        {
            if (turn.Reasoning is { } thoughts)
                Add("rs", "reasoning", json => WriteThoughts(json, thoughts));
            if (turn.Role == "tool")
                Add("fco", "function_call_output", json => WriteOutput(json, turn));
            else if (turn.Content is { } text)
                Add("msg", "message", json => WriteMessage(json, turn.Role, text));
            foreach (var call in turn.Calls) Add("fc", "function_call", json => WriteCall(json, call));
        }
        return items;
    }

    private static void WriteMessage(Utf8JsonWriter json, string role, string text)
    {
        json.WriteString("role", role);
        json.WriteStartArray("content");
        json.WriteStartObject();
        json.WriteString("type", role == "assistant" ? "output_text" : "input_text");
        json.WriteString("text", text);
        if (role == "assistant")
        {
            json.WriteStartArray("annotations");
            json.WriteEndArray();
        }
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteThoughts(Utf8JsonWriter json, string text)
    {
        json.WriteStartArray("summary");
        json.WriteEndArray();
        json.WriteStartArray("content");
        json.WriteStartObject();
        json.WriteString("type", "reasoning_text");
        json.WriteString("text", text);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteOutput(Utf8JsonWriter json, ChatTurn turn)
    {
        json.WriteString("call_id", turn.CallId);
        json.WriteString("output", turn.Content);
    }

    private static void WriteCall(Utf8JsonWriter json, ToolCall call)
    {
        json.WriteString("call_id", call.Id);
        json.WriteString("name", call.Name);
        json.WriteString("arguments", call.Arguments);
    }
}
