using System.Globalization;
using System.Text.Json;
using Minka.Cli.Answers;
using Minka.Cli.Screen;
using Minka.Cluster;
using Minka.Cluster.Metrics;
using Minka.Cluster.Protocol;

namespace Minka.Cli.Machines;

/// <summary>What the root measured.</summary>
/// <param name="Whole">In the whole run.</param>
/// <param name="Last">Since the cluster was started the last time, as its ranks.</param>
/// <param name="Recoveries">How often it was started again.</param>
internal readonly record struct RootStatus(StatusReply Whole, StatusReply Last, int Recoveries);

/// <summary>
/// Where the time of a run on several machines went: what published scaling studies print, over the whole run.
/// </summary>
internal static class ClusterReport
{
    /// <summary>For people, on the error stream.</summary>
    public static void Write(
        Terminal terminal, ClusterModel cluster, RootStatus root, IReadOnlyList<WorkerStatus> workers,
        AnswerReport? answer)
    {
        var replica = cluster.Replica!;
        Line("cluster", $"{workers.Count} ranks, {replica.Stages.Count} "
            + (replica.Stages.Count == 1 ? "stage" : "stages") + $"; sums in "
            + $"{PlanTable.Word(replica.Collectives.Hidden.Wire)}, between stages "
            + PlanTable.Word(replica.Collectives.Boundary));
        foreach (var line in cluster.Choices.SelectMany((choice, stage) =>
            choice.Split('\n').Select((line, i) => i == 0 ? $"stage {stage}: {line}" : "  " + line)))
            Line("sums", line);
        if (answer is { AnswerTokens: > 0 })
        {
            Line("answer", Text($"{answer.AnswerTokens} tokens; {answer.Rate:F2} tok/s with the prompt, ")
                + Text($"{answer.DecodeRate:F2} tok/s after the first"));
            Line("times", Text($"TTFT {answer.TimeToFirstToken.TotalMilliseconds:F1} ms, TPOT {answer.Tpot:F2} ms, ")
                + Text($"RCT {answer.CompletionTime.TotalMilliseconds:F1} ms"));
        }
        var (steps, step) = (root.Whole.Steps, root.Whole.Step);
        Line("steps", Text($"{steps}; p50 {step.P50 / 1e3:F2} ms, p95 {step.P95 / 1e3:F2}, p99 {step.P99 / 1e3:F2}"));
        if (root.Recoveries > 0)
            Line("recovered", (root.Recoveries == 1 ? "once" : Text($"{root.Recoveries} times"))
                + "; steps are those of the whole run, what follows is since the last start");
        if (replica.Stages.Count > 1) Line("pipeline", Pipelining.Of(root.Last, Statuses(workers)).ToString());
        var tables = terminal.Tables(terminal.Error);
        Ranks(workers).Write(tables);
        Network(Statuses(workers)).Write(tables);
        Parts(Statuses(workers)).Write(tables);
        Line("bottleneck", Bottleneck.Sentence(Statuses(workers)));

        void Line(string label, string text) => terminal.Error.WriteLine($"{label,-11} {text}");
    }

    /// <summary>For programs: one object.</summary>
    public static void Write(
        Utf8JsonWriter json, ClusterModel cluster, RootStatus root, IReadOnlyList<WorkerStatus> workers)
    {
        json.WriteStartObject();
        json.WriteString("collectives", string.Join('\n', cluster.Choices));
        json.WriteString("bottleneck", Bottleneck.Sentence(Statuses(workers)));
        var pipelining = Pipelining.Of(root.Last, Statuses(workers));
        json.WriteNumber("steps_in_flight", Math.Round(pipelining.InFlight, 3));
        json.WriteNumber("bubble_fraction", Math.Round(pipelining.Bubbles, 4));
        json.WriteNumber("recoveries", root.Recoveries);
        json.WritePropertyName("root");
        StatusJson.Write(json, "", root.Whole);
        json.WriteStartArray("ranks");
        foreach (var worker in workers) StatusJson.Write(json, worker.Address, worker.Status, worker.Problem);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static List<StatusReply> Statuses(IReadOnlyList<WorkerStatus> workers) =>
        [.. workers.Where(worker => worker.Status is not null).Select(worker => worker.Status!)];

    private static NumberTable Ranks(IReadOnlyList<WorkerStatus> workers)
    {
        var table = new NumberTable(["rank", "worker", "layers"], "memory MiB", "weights", "KV",
            "ms/step", "computing", "waiting", "moving", "reducing", "sent MB", "got MB", "RTT us");
        foreach (var (address, status, problem) in workers)
        {
            if (status is null)
            {
                table.Add("?", address, problem);
                continue;
            }
            var shares = StepShares.Of(status);
            table.Add(
                Text($"{status.Rank}"), address, Text($"{status.LayerFirst}-{status.LayerEnd - 1}"),
                Mib(status.MemoryBytes), Mib(status.WeightBytes), Mib(status.KvBytes),
                Text($"{1e3 * status.StepSeconds / Math.Max(1, status.Steps):F2}"),
                Percent(shares.Compute), Percent(shares.Wait), Percent(shares.Transfer), Percent(shares.Reduce),
                Megabytes(status.Links.Sum(link => link.BytesSent)),
                Megabytes(status.Links.Sum(link => link.BytesReceived)), RoundTrip(status));
        }
        return table;
    }

    /// <summary>One row for each kind of operation; percentiles of the rank where it is slowest.</summary>
    private static NumberTable Network(IReadOnlyList<StatusReply> ranks)
    {
        var table = new NumberTable(["operation"], "count", "MB", "avg ms", "p50", "p95", "p99", "max");
        foreach (var kind in Kinds(ranks))
        {
            var (count, slowest) = (kind.Sum(one => one.Count), Slowest(kind));
            var seconds = kind.Sum(one => one.WaitSeconds + one.TransferSeconds + one.ReduceSeconds);
            table.Add(
                kind.Key, Text($"{count}"), Megabytes(kind.Sum(one => one.Bytes)), Ms(1e6 * seconds / count),
                Ms(slowest.Total.P50), Ms(slowest.Total.P95), Ms(slowest.Total.P99),
                Ms(kind.Max(one => one.MaxMicroseconds)));
        }
        return table;
    }

    private static NumberTable Parts(IReadOnlyList<StatusReply> ranks)
    {
        var table = new NumberTable(["p50/p95/p99 in ms"], "waiting", "moving", "reducing");
        foreach (var kind in Kinds(ranks))
        {
            var slowest = Slowest(kind);
            table.Add(kind.Key, Three(slowest.Wait), Three(slowest.Transfer), Three(slowest.Reduce));
        }
        return table;
    }

    /// <summary>Waiting for the next step of the root is no network operation of a step.</summary>
    private static IEnumerable<IGrouping<string, OperationStatus>> Kinds(IReadOnlyList<StatusReply> ranks) => ranks
        .SelectMany(rank => rank.Operations)
        .Where(one => (one.Scope, one.Operation) is not ("control", "receive"))
        .GroupBy(one => one.Scope switch
        {
            "stage" => one.Operation,
            "boundary" => one.Operation + " layer output",
            _ => one.Operation + " logits",
        });

    private static OperationStatus Slowest(IEnumerable<OperationStatus> kind) => kind.MaxBy(one => one.Total.P95)!;

    /// <summary>The slowest link that was probed at the start; else what the system sees.</summary>
    private static string RoundTrip(StatusReply status)
    {
        var probed = status.Links.Select(link => link.RoundTripMicrosecondsP50).DefaultIfEmpty().Max();
        var seen = status.Links.Select(link => link.RoundTripMicrosecondsNow).Where(one => one > 0);
        return probed > 0 ? Text($"{probed:F0}") : Text($"~{seen.DefaultIfEmpty().Min()}");
    }

    private static string Three(Quantiles micros) => $"{Ms(micros.P50)} / {Ms(micros.P95)} / {Ms(micros.P99)}";

    private static string Ms(double micros) => Text($"{micros / 1e3:F3}");

    private static string Mib(long bytes) => Text($"{bytes / 1048576.0:F1}");

    private static string Megabytes(long bytes) => Text($"{bytes / 1e6:F2}");

    private static string Percent(double share) => Text($"{share * 100:F0} %");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
