using System.Text.Json;
using Minka.Server.Http;

namespace Minka.Server.Responses;

/// <summary>A stored response told again as events: those of its making, with each text in one piece.</summary>
/// <param name="sse">Where to.</param>
/// <param name="response">As it was answered.</param>
/// <param name="after">Events up to this number are left out.</param>
internal sealed class StoredEvents(SseWriter sse, JsonElement response, int after)
{
    private int _next;

    /// <summary>Writes them all.</summary>
    public void Write()
    {
        Send("response.created", json => WriteResponse(json, isWhole: false));
        Send("response.in_progress", json => WriteResponse(json, isWhole: false));
        foreach (var (index, item) in response.GetProperty("output").EnumerateArray().Index()) WriteItem(item, index);
        Send($"response.{response.GetProperty("status").GetString()}", json => WriteResponse(json, isWhole: true));
    }

    private void WriteItem(JsonElement item, int index)
    {
        void SendItem(string type, bool isWhole) => Send(type, json =>
        {
            json.WriteNumber("output_index", index);
            json.WritePropertyName("item");
            if (isWhole) item.WriteTo(json);
            else WriteBegun(json, item);
        });
        SendItem("response.output_item.added", isWhole: false);
        if (item.TryGetProperty("arguments", out var arguments)) WriteArguments(item, index, arguments);
        else
            foreach (var (i, part) in item.GetProperty("content").EnumerateArray().Index())
                WritePart(part, new(item.GetProperty("id"), index, i));
        SendItem("response.output_item.done", isWhole: true);
    }

    private void WriteArguments(JsonElement item, int index, JsonElement arguments)
    {
        const string type = "response.function_call_arguments";
        var place = new Place(item.GetProperty("id"), index, null);
        Send($"{type}.delta", json => place.Write(json, "delta", arguments));
        Send($"{type}.done", json =>
        {
            json.WriteString("name", item.GetProperty("name").GetString());
            place.Write(json, "arguments", arguments);
        });
    }

    private void WritePart(JsonElement part, Place place)
    {
        var type = $"response.{part.GetProperty("type").GetString()}";
        var text = part.GetProperty("text");
        Send("response.content_part.added", json =>
        {
            place.Write(json, "part");
            WriteBegun(json, part);
        });
        foreach (var (end, name) in new[] { ("delta", "delta"), ("done", "text") })
            Send($"{type}.{end}", json =>
            {
                place.Write(json, name, text);
                if (!part.TryGetProperty("logprobs", out var logprobs)) return;
                json.WritePropertyName("logprobs");
                logprobs.WriteTo(json);
            });
        Send("response.content_part.done", json =>
        {
            place.Write(json, "part");
            part.WriteTo(json);
        });
    }

    private void WriteResponse(Utf8JsonWriter json, bool isWhole)
    {
        json.WritePropertyName("response");
        if (isWhole) response.WriteTo(json);
        else WriteBegun(json, response);
    }

    /// <summary>What a field says while nothing is there yet; null for what it always says.</summary>
    private static string? Begun(JsonProperty field) => field.Name switch
    {
        "status" => "\"in_progress\"",
        "output" or "content" or "logprobs" => "[]",
        "arguments" => "\"\"",
        // A response has a field of this name too, which says how its text is to look.
        "text" when field.Value.ValueKind == JsonValueKind.String => "\"\"",
        "usage" or "incomplete_details" => "null",
        _ => null,
    };

    private static void WriteBegun(Utf8JsonWriter json, JsonElement of)
    {
        json.WriteStartObject();
        foreach (var field in of.EnumerateObject())
        {
            json.WritePropertyName(field.Name);
            if (Begun(field) is { } value) json.WriteRawValue(value);
            else field.Value.WriteTo(json);
        }
        json.WriteEndObject();
    }

    private void Send(string type, Action<Utf8JsonWriter> write)
    {
        var number = _next++;
        if (number > after) ResponseEvents.Write(sse, type, number, write);
    }

    /// <summary>Where in a response something is.</summary>
    private sealed record Place(JsonElement Item, int Output, int? Content)
    {
        public void Write(Utf8JsonWriter json, string name, JsonElement? value = null)
        {
            json.WriteString("item_id", Item.GetString());
            json.WriteNumber("output_index", Output);
            if (Content is { } content) json.WriteNumber("content_index", content);
            json.WritePropertyName(name);
            value?.WriteTo(json);
        }
    }
}
