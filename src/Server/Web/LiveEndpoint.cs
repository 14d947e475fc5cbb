using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Minka.Engine;
using Minka.Models;
using Minka.Server.Http;

namespace Minka.Server.Web;

/// <summary>GET /live.json: everything that the live page shows. <c>since</c> and <c>ended</c> are the numbers that the
/// last answer called <c>next</c>; what came before them is left out.</summary>
internal sealed class LiveEndpoint(ServerParts server, LiveRecorder recorder)
{
    private readonly DateTimeOffset _started = server.Time.GetUtcNow();

    /// <summary>Answers.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        var (since, ended) = (Number(context, "since"), Number(context, "ended"));
        var spread = server.Models.Loaded.FirstOrDefault(model => model.Options.Machines is not null);
        var cluster = spread is null ? null
            : await spread.Options.Machines!(context.RequestAborted).ConfigureAwait(false);
        await JsonReply.WriteAsync(context, 200, json => Write(json, since, ended, spread?.Name ?? "", cluster))
            .ConfigureAwait(false);
    }

    private void Write(Utf8JsonWriter json, long since, long ended, string spread, ClusterView? cluster)
    {
        json.WriteStartObject();
        json.WriteNumber("now", Seconds(server.Time.GetUtcNow()));
        json.WriteNumber("started", Seconds(_started));
        json.WriteString("version", server.Options.Version);
        json.WriteString("status",
            server.State.IsDraining ? "draining"
            : !server.State.IsLoaded ? "loading"
            : server.Models.HasFailed ? "degraded" : "ok");
        json.WriteNumber("memory", Environment.WorkingSet);
        json.WriteNumber("blockTokens", ForwardInput.BlockTokens);
        WriteSamples(json, since);
        json.WriteStartArray("models");
        foreach (var model in server.Models.Loaded) WriteModel(json, model);
        json.WriteEndArray();
        json.WriteStartArray("requests");
        foreach (var trace in recorder.Open) WriteOpen(json, trace);
        json.WriteEndArray();
        WriteEnded(json, ended);
        json.WritePropertyName("cluster");
        ClusterJson.Write(json, spread, cluster);
        json.WriteEndObject();
    }

    private void WriteSamples(Utf8JsonWriter json, long since)
    {
        var samples = recorder.Samples.Read(since, out var first, out var next);
        json.WriteStartObject("samples");
        json.WriteNumber("first", first);
        json.WriteNumber("next", next);
        Row("out", sample => sample.Generated);
        Row("in", sample => sample.Prompt);
        Row("running", sample => sample.Running);
        Row("waiting", sample => sample.Waiting);
        Row("kv", sample => sample.KvUsage);
        Row("hits", sample => sample.PrefixHits);
        json.WriteEndObject();

        void Row(string name, Func<LiveSample, double> value)
        {
            json.WriteStartArray(name);
            foreach (var sample in samples) json.WriteNumberValue(Math.Round(value(sample), 3));
            json.WriteEndArray();
        }
    }

    private static void WriteModel(Utf8JsonWriter json, ServedModel model)
    {
        var now = model.Engine.Snapshot();
        var states = new BlockState[now.TotalBlocks];
        model.Engine.ReadBlocks(states);
        json.WriteStartObject();
        json.WriteString("name", model.Name);
        json.WriteNumber("running", now.Running);
        json.WriteNumber("waiting", now.Waiting);
        json.WriteNumber("sequencesMax", model.Options.Scheduling.SequencesMax);
        json.WriteNumber("queueMax", now.QueueMax);
        json.WriteNumber("blocks", now.TotalBlocks);
        json.WriteNumber("usedBlocks", now.UsedBlocks);
        json.WriteBase64String("map", System.Runtime.InteropServices.MemoryMarshal.AsBytes(states.AsSpan()));
        json.WriteNumber("promptTokens", now.PromptTokens);
        json.WriteNumber("cachedTokens", now.CachedTokens);
        json.WriteNumber("generatedTokens", now.GeneratedTokens);
        json.WriteNumber("preemptions", now.Preemptions);
        json.WriteNumber("steps", now.Steps);
        json.WriteNumber("draftedTokens", now.DraftedTokens);
        json.WriteNumber("acceptedTokens", now.AcceptedTokens);
        json.WriteEndObject();
    }

    private static void WriteOpen(Utf8JsonWriter json, RequestTrace trace)
    {
        var first = trace.Generations[0];
        var usage = trace.Usage;
        var hasToken = first.TimeToFirstToken > TimeSpan.Zero;
        var gaps = first.LongestChoice - 1;
        json.WriteStartObject();
        json.WriteString("id", trace.Id);
        json.WriteString("route", trace.Route);
        json.WriteString("model", trace.Model);
        json.WriteString("state", hasToken ? "writing" : first.QueueTime > TimeSpan.Zero ? "reading" : "waiting");
        json.WriteNumber("age", trace.Elapsed.TotalSeconds);
        json.WriteNumber("prompt", usage.Prompt);
        json.WriteNumber("cached", usage.Cached);
        json.WriteNumber("generated", usage.Completion);
        ClusterJson.Number(
            json, "ttft", hasToken ? (first.SubmittedAfter + first.TimeToFirstToken).TotalSeconds : null);
        ClusterJson.Number(json, "tpot", gaps > 0 ? first.DecodeTime.TotalSeconds / gaps : null);
        json.WriteEndObject();
    }

    private void WriteEnded(Utf8JsonWriter json, long since)
    {
        var over = recorder.Over.Read(since, out var first, out var next);
        json.WriteStartObject("ended");
        json.WriteNumber("first", first);
        json.WriteNumber("next", next);
        json.WriteStartArray("items");
        foreach (var one in over)
        {
            json.WriteStartObject();
            json.WriteNumber("at", one.At);
            json.WriteString("id", one.Id);
            json.WriteString("route", one.Route);
            json.WriteString("model", one.Model);
            json.WriteNumber("status", one.Status);
            json.WriteString("finish", one.Finish);
            ClusterJson.Number(json, "queue", one.Queue);
            ClusterJson.Number(json, "ttft", one.FirstToken);
            ClusterJson.Number(json, "firstByte", one.FirstByte);
            ClusterJson.Number(json, "tpot", one.PerToken);
            ClusterJson.Number(json, "e2e", one.EndToEnd);
            json.WriteNumber("prompt", one.Prompt);
            json.WriteNumber("cached", one.Cached);
            json.WriteNumber("generated", one.Generated);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static double Seconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;

    private static long Number(HttpContext context, string name) => long.TryParse(
        context.Request.Query[name], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
