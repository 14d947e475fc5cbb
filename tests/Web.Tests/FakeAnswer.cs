using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace Minka.Web.Tests;

/// <summary>Answers in place of the server, for what a small model does not say when it is asked to.</summary>
internal static class FakeAnswer
{
    /// <summary>The next answers are this text.</summary>
    public static Task WithTextAsync(IPage page, string text) =>
        WithDeltasAsync(page, new JsonObject { ["role"] = "assistant" }, new JsonObject { ["content"] = text });

    /// <summary>The next answers are made of these deltas.</summary>
    public static Task WithDeltasAsync(IPage page, params JsonNode[] deltas) =>
        page.RouteAsync("**/v1/chat/completions", route =>
        {
            var frames = deltas.Select(delta => Frame(delta.DeepClone(), null)).Append(Frame(new JsonObject(), "stop"));
            return route.FulfillAsync(new()
            {
                ContentType = "text/event-stream",
                Body = string.Concat(frames.Append("[DONE]").Select(frame => $"data: {frame}\n\n")),
            });
        });

    private static string Frame(JsonNode delta, string? finish) => new JsonObject
    {
        ["choices"] = new JsonArray(new JsonObject
        {
            ["index"] = 0,
            ["delta"] = delta,
            ["finish_reason"] = finish,
        }),
    }.ToJsonString();
}
