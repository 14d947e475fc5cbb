using System.Text.Json;

namespace Minka.Cluster.Metrics;

/// <summary>A trace as Chrome's tracing and Perfetto read it: one process per rank, times in microseconds.</summary>
public static class ChromeTrace
{
    /// <summary>Writes a file's whole text.</summary>
    /// <param name="to">Takes UTF-8.</param>
    /// <param name="ranks">Processes.</param>
    public static void Write(Stream to, IReadOnlyList<RankTrace> ranks)
    {
        var first = ranks.SelectMany(rank => rank.Entries.Select(entry => entry.Start - rank.OffsetNanoseconds))
            .DefaultIfEmpty().Min();
        using var json = new Utf8JsonWriter(to);
        json.WriteStartObject();
        json.WriteString("displayTimeUnit", "ms");
        json.WriteStartArray("traceEvents");
        foreach (var rank in ranks)
        {
            WriteProcess(json, rank);
            foreach (var entry in rank.Entries)
            {
                json.WriteStartObject();
                json.WriteString("name", entry.Name);
                json.WriteString("cat", entry.Bytes > 0 || entry.Wait > 0 ? "network" : "compute");
                json.WriteString("ph", "X");
                WriteMicros(json, "ts", entry.Start - rank.OffsetNanoseconds - first);
                WriteMicros(json, "dur", entry.Duration);
                json.WriteNumber("pid", rank.Process);
                json.WriteNumber("tid", entry.Lane);
                WriteArguments(json, entry);
                json.WriteEndObject();
            }
            json.Flush();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteProcess(Utf8JsonWriter json, RankTrace rank)
    {
        var lanes = rank.Entries.Select(entry => entry.Lane).Distinct().Order().DefaultIfEmpty();
        foreach (var (what, lane, value) in lanes
            .Select(lane => ("thread_name", lane, lane == 0 ? "steps" : $"steps that overlap, {lane}"))
            .Prepend(("process_name", 0, rank.Name)))
        {
            json.WriteStartObject();
            json.WriteString("name", what);
            json.WriteString("ph", "M");
            json.WriteNumber("pid", rank.Process);
            json.WriteNumber("tid", lane);
            json.WriteStartObject("args");
            json.WriteString("name", value);
            WriteMicros(json, "clock_error_us", rank.ErrorNanoseconds);
            json.WriteEndObject();
            json.WriteEndObject();
        }
    }

    private static void WriteArguments(Utf8JsonWriter json, in Minka.Collectives.Metrics.TraceEntry entry)
    {
        if (entry is { Bytes: 0, Wait: 0, Transfer: 0 }) return;
        json.WriteStartObject("args");
        json.WriteNumber("bytes", entry.Bytes);
        WriteMicros(json, "wait_us", entry.Wait);
        WriteMicros(json, "transfer_us", entry.Transfer);
        WriteMicros(json, "reduce_us", entry.Duration - entry.Wait - entry.Transfer);
        json.WriteEndObject();
    }

    private static void WriteMicros(Utf8JsonWriter json, string name, long nanoseconds) =>
        json.WriteNumber(name, nanoseconds / 1000m);
}
