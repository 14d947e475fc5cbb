using Microsoft.AspNetCore.Http;
using Minka.Server.Http;

namespace Minka.Server;

/// <summary>Whether the server lives, whether it takes requests, what it is.</summary>
internal sealed class HealthEndpoints(ServerParts server)
{
    /// <summary>The process lives and no engine has failed.</summary>
    public Task HealthAsync(HttpContext context)
    {
        var isWell = server.Models.Loaded.All(model => !model.Running.IsFaulted);
        return WriteAsync(context, isWell ? 200 : 503, isWell ? "ok" : "failed");
    }

    /// <summary>Requests are welcome.</summary>
    public Task ReadyAsync(HttpContext context)
    {
        var state = server.State;
        var word = state.IsDraining ? "draining" : !state.IsLoaded ? "loading"
            : server.Models.HasFailed ? "failed" : "ok";
        return WriteAsync(context, word == "ok" ? 200 : 503, word);
    }

    /// <summary>Which Minka this is.</summary>
    public Task VersionAsync(HttpContext context) => JsonReply.WriteAsync(context, 200, json =>
    {
        json.WriteStartObject();
        json.WriteString("version", server.Options.Version);
        json.WriteEndObject();
    });

    private static Task WriteAsync(HttpContext context, int status, string word) =>
        JsonReply.WriteAsync(context, status, json =>
        {
            json.WriteStartObject();
            json.WriteString("status", word);
            json.WriteEndObject();
        });
}
