using System.Text.Json;
using Minka.Cluster.Protocol;

namespace Minka.Cli.Machines;

/// <summary>What a worker says of itself, for programs.</summary>
internal static class StatusJson
{
    /// <summary>One object; without a status only the address and why.</summary>
    public static void Write(Utf8JsonWriter json, string address, StatusReply? status, string problem = "")
    {
        json.WriteStartObject();
        if (address.Length > 0) json.WriteString("address", address);
        if (status is null)
        {
            json.WriteString("state", "silent");
            json.WriteString("problem", problem);
        }
        else
        {
            WriteRank(json, status);
            json.WriteStartArray("operations");
            foreach (var operation in status.Operations) WriteOperation(json, operation);
            json.WriteEndArray();
            json.WriteStartArray("links");
            foreach (var link in status.Links) WriteLink(json, link);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    /// <summary>A state as one word.</summary>
    public static string Word(WorkerState state) => state switch
    {
        WorkerState.Unspecified => "unknown",
        _ => state.ToString().ToLowerInvariant(),
    };

    private static void WriteRank(Utf8JsonWriter json, StatusReply status)
    {
        if (status.State != WorkerState.Unspecified) json.WriteString("state", Word(status.State));
        if (status.Problem.Length > 0) json.WriteString("problem", status.Problem);
        json.WriteNumber("rank", status.Rank);
        json.WriteNumber("epoch", status.Epoch);
        json.WriteNumber("layer_first", status.LayerFirst);
        json.WriteNumber("layer_end", status.LayerEnd);
        json.WriteNumber("steps", status.Steps);
        json.WriteNumber("tokens", status.Tokens);
        json.WriteNumber("process_bytes", status.MemoryBytes);
        json.WriteNumber("weight_bytes", status.WeightBytes);
        json.WriteNumber("kv_bytes", status.KvBytes);
        WriteSeconds(json, "step_seconds", status.StepSeconds);
        WriteSeconds(json, "compute_seconds", status.ComputeSeconds);
        WriteSeconds(json, "busy_seconds", status.BusySeconds);
        WriteQuantiles(json, "step_us", status.Step);
        WriteQuantiles(json, "compute_us", status.Compute);
    }

    private static void WriteOperation(Utf8JsonWriter json, OperationStatus operation)
    {
        json.WriteStartObject();
        json.WriteString("scope", operation.Scope);
        json.WriteString("operation", operation.Operation);
        json.WriteNumber("count", operation.Count);
        json.WriteNumber("bytes", operation.Bytes);
        WriteSeconds(json, "wait_seconds", operation.WaitSeconds);
        WriteSeconds(json, "transfer_seconds", operation.TransferSeconds);
        WriteSeconds(json, "reduce_seconds", operation.ReduceSeconds);
        WriteQuantiles(json, "total_us", operation.Total);
        WriteQuantiles(json, "wait_us", operation.Wait);
        WriteQuantiles(json, "transfer_us", operation.Transfer);
        WriteQuantiles(json, "reduce_us", operation.Reduce);
        json.WriteNumber("max_us", Math.Round(operation.MaxMicroseconds, 1));
        json.WriteEndObject();
    }

    private static void WriteLink(Utf8JsonWriter json, LinkStatus link)
    {
        json.WriteStartObject();
        json.WriteNumber("peer", link.Peer);
        json.WriteNumber("bytes_sent", link.BytesSent);
        json.WriteNumber("bytes_received", link.BytesReceived);
        json.WriteNumber("round_trip_us_p50", Math.Round(link.RoundTripMicrosecondsP50, 1));
        json.WriteNumber("round_trip_us_p99", Math.Round(link.RoundTripMicrosecondsP99, 1));
        json.WriteNumber("round_trip_us_now", link.RoundTripMicrosecondsNow);
        json.WriteNumber("retransmissions", link.Retransmissions);
        WriteQuantiles(json, "wait_us", link.Wait);
        json.WriteEndObject();
    }

    private static void WriteSeconds(Utf8JsonWriter json, string name, double seconds) =>
        json.WriteNumber(name, Math.Round(seconds, 6));

    private static void WriteQuantiles(Utf8JsonWriter json, string name, Quantiles? micros)
    {
        json.WriteStartObject(name);
        json.WriteNumber("p50", Math.Round(micros?.P50 ?? 0, 1));
        json.WriteNumber("p95", Math.Round(micros?.P95 ?? 0, 1));
        json.WriteNumber("p99", Math.Round(micros?.P99 ?? 0, 1));
        json.WriteEndObject();
    }
}
