using System.Text.Json;

namespace Minka.Server.Web;

/// <summary>The machines of a model in the live page's words.</summary>
internal static class ClusterJson
{
    /// <summary>One object, or null where the model runs here.</summary>
    public static void Write(Utf8JsonWriter json, string model, ClusterView? cluster)
    {
        if (cluster is null)
        {
            json.WriteNullValue();
            return;
        }
        json.WriteStartObject();
        json.WriteString("model", model);
        json.WriteStartArray("ranks");
        foreach (var rank in cluster.Ranks) Write(json, rank);
        json.WriteEndArray();
        json.WriteStartArray("links");
        foreach (var link in cluster.Links) Write(json, link);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, RankView rank)
    {
        json.WriteStartObject();
        json.WriteNumber("rank", rank.Rank);
        json.WriteString("address", rank.Address);
        json.WriteString("state", rank.State);
        json.WriteString("problem", rank.Problem);
        json.WriteNumber("stage", rank.Stage);
        json.WriteNumber("layerFirst", rank.Layers.Start.Value);
        json.WriteNumber("layerEnd", rank.Layers.End.Value);
        json.WriteNumber("memory", rank.MemoryBytes);
        json.WriteNumber("weights", rank.WeightBytes);
        json.WriteNumber("kv", rank.KvBytes);
        Number(json, "stepsPerSecond", rank.StepsPerSecond);
        Number(json, "tokensPerSecond", rank.TokensPerSecond);
        Number(json, "computing", rank.Computing);
        Number(json, "waiting", rank.Waiting);
        Number(json, "moving", rank.Moving);
        Number(json, "reducing", rank.Reducing);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, LinkView link)
    {
        json.WriteStartObject();
        json.WriteNumber("from", link.From);
        if (link.To is { } to) json.WriteNumber("to", to);
        else json.WriteNull("to");
        Number(json, "rtt", link.RoundTrip);
        Number(json, "sent", link.SentPerSecond);
        Number(json, "received", link.ReceivedPerSecond);
        Number(json, "waitP50", link.WaitP50);
        Number(json, "waitP99", link.WaitP99);
        json.WriteNumber("resent", link.Resent);
        json.WriteEndObject();
    }

    /// <summary>A number as short as a page needs it; null where there is none.</summary>
    public static void Number(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number) json.WriteNumber(name, Math.Round(number, 7));
        else json.WriteNull(name);
    }
}
