using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Minka.Server.Http;

namespace Minka.Server.OpenAi;

/// <summary>The models that can be asked.</summary>
internal sealed class ModelsEndpoints(ServerParts server)
{
    private readonly long _started = server.Time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>All of them.</summary>
    public Task ListAsync(HttpContext context) => JsonReply.WriteAsync(context, 200, json =>
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        foreach (var entry in server.Models.Entries) Write(json, entry);
        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary>One of them.</summary>
    public Task ShowAsync(HttpContext context)
    {
        var entry = server.Models.Find(context.GetRouteValue("id") as string ?? "");
        return JsonReply.WriteAsync(context, 200, json => Write(json, entry));
    }

    private void Write(Utf8JsonWriter json, ModelEntry entry)
    {
        var loaded = server.Models.Loaded.FirstOrDefault(model => model.Name == entry.Name);
        json.WriteStartObject();
        json.WriteString("id", entry.Name);
        json.WriteString("object", "model");
        json.WriteNumber("created", loaded?.Created.ToUnixTimeSeconds() ?? _started);
        json.WriteString("owned_by", "minka");
        json.WriteString("root", entry.Name);
        json.WriteNull("parent");
        if (loaded is null) json.WriteNull("max_model_len");
        else json.WriteNumber("max_model_len", loaded.Engine.LengthMax);
        json.WriteStartArray("permission");
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
