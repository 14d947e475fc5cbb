using System.Globalization;
using System.Text;
using Minka.Cluster.Protocol;

namespace Minka.Cluster.Metrics;

/// <summary>Ranks in Prometheus' text format, version 0.0.4.</summary>
public static class PrometheusText
{
    /// <summary>What the text is, for HTTP.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>All metrics of some ranks, each metric's rows together as the format demands.</summary>
    public static string Write(IReadOnlyList<StatusReply> ranks)
    {
        var text = new StringBuilder();
        Simple(text, ranks, "minka_rank_steps_total", "counter", "Steps run.", status => status.Steps);
        Simple(text, ranks, "minka_rank_tokens_total", "counter", "Tokens computed.", status => status.Tokens);
        Simple(text, ranks, "minka_rank_running", "gauge", "1 while the worker is a rank of a running cluster.",
            status => status.State == WorkerState.Running ? 1 : 0);
        Simple(text, ranks, "minka_rank_resident_bytes", "gauge", "Memory of the process.",
            status => status.MemoryBytes);
        Simple(text, ranks, "minka_rank_weight_bytes", "gauge", "Weights held.", status => status.WeightBytes);
        Simple(text, ranks, "minka_rank_kv_bytes", "gauge", "Key-value cache.", status => status.KvBytes);
        Times(text, ranks, "minka_step_seconds", "Whole steps.",
            status => (status.Step, status.Steps, status.StepSeconds));
        Times(text, ranks, "minka_compute_seconds", "Computing of each step, without what it waited for others.",
            status => (status.Compute, status.Steps, status.ComputeSeconds));
        Simple(text, ranks, "minka_rank_busy_seconds_total", "counter", "Time in which a step was on its way.",
            status => status.BusySeconds);
        Operations(text, ranks);
        Links(text, ranks);
        return text.ToString();
    }

    private static void Operations(StringBuilder text, IReadOnlyList<StatusReply> ranks)
    {
        Head(text, "minka_operation_bytes_total", "counter", "Encoded size of messages.");
        foreach (var (rank, operation, labels) in All(ranks))
            Row(text, "minka_operation_bytes_total", rank, labels, operation.Bytes);
        Head(text, "minka_operation_seconds", "summary", "Parts of operations: wait, transfer, reduce.");
        foreach (var (rank, operation, labels) in All(ranks))
            foreach (var (part, quantiles, seconds) in Parts(operation))
                Summary(text, "minka_operation_seconds", rank, $"{labels},part=\"{part}\"", quantiles,
                    operation.Count, seconds);
    }

    private static IEnumerable<(StatusReply, OperationStatus, string)> All(IReadOnlyList<StatusReply> ranks) =>
        from rank in ranks
        from operation in rank.Operations
        select (rank, operation, $",scope=\"{operation.Scope}\",operation=\"{operation.Operation}\"");

    private static IEnumerable<(string, Quantiles, double)> Parts(OperationStatus operation) =>
    [
        ("wait", operation.Wait, operation.WaitSeconds),
        ("transfer", operation.Transfer, operation.TransferSeconds),
        ("reduce", operation.Reduce, operation.ReduceSeconds),
    ];

    private static void Links(StringBuilder text, IReadOnlyList<StatusReply> ranks)
    {
        Link("minka_link_sent_bytes_total", "counter", "Bytes sent, headers included.", link => link.BytesSent);
        Link("minka_link_received_bytes_total", "counter", "Bytes received, headers included.",
            link => link.BytesReceived);
        Link("minka_link_round_trip_seconds", "gauge", "Round trip as the system smooths it.",
            link => link.RoundTripMicrosecondsNow / 1e6);
        Link("minka_link_retransmissions_total", "counter", "Segments sent again.", link => link.Retransmissions);
        Link("minka_link_wait_p50_seconds", "gauge", "Until a message's first byte came, half of the time.",
            link => (link.Wait?.P50 ?? 0) / 1e6);
        Link("minka_link_wait_p99_seconds", "gauge", "Until a message's first byte came, 99 of 100 times.",
            link => (link.Wait?.P99 ?? 0) / 1e6);

        void Link(string name, string type, string help, Func<LinkStatus, double> value)
        {
            Head(text, name, type, help);
            foreach (var rank in ranks)
                foreach (var link in rank.Links) Row(text, name, rank, $",peer=\"{link.Peer}\"", value(link));
        }
    }

    private static void Simple(
        StringBuilder text, IReadOnlyList<StatusReply> ranks, string name, string type, string help,
        Func<StatusReply, double> value)
    {
        Head(text, name, type, help);
        foreach (var rank in ranks) Row(text, name, rank, "", value(rank));
    }

    private static void Times(
        StringBuilder text, IReadOnlyList<StatusReply> ranks, string name, string help,
        Func<StatusReply, (Quantiles?, long, double)> value)
    {
        Head(text, name, "summary", help);
        foreach (var rank in ranks)
        {
            var (quantiles, count, seconds) = value(rank);
            Summary(text, name, rank, "", quantiles ?? new(), count, seconds);
        }
    }

    private static void Summary(
        StringBuilder text, string name, StatusReply rank, string labels, Quantiles micros, long count, double seconds)
    {
        Row(text, name, rank, labels + ",quantile=\"0.5\"", micros.P50 / 1e6);
        Row(text, name, rank, labels + ",quantile=\"0.95\"", micros.P95 / 1e6);
        Row(text, name, rank, labels + ",quantile=\"0.99\"", micros.P99 / 1e6);
        Row(text, name + "_sum", rank, labels, seconds);
        Row(text, name + "_count", rank, labels, count);
    }

    private static void Head(StringBuilder text, string name, string type, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n')
            .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private static void Row(StringBuilder text, string name, StatusReply rank, string labels, double value) =>
        text.Append(CultureInfo.InvariantCulture, $"{name}{{rank=\"{rank.Rank}\"{labels}}} {value}\n");
}
