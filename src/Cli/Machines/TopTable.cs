using System.Globalization;
using Minka.Cli.Screen;
using Minka.Cluster.Metrics;
using Minka.Cluster.Protocol;

namespace Minka.Cli.Machines;

/// <summary>What workers did between two looks.</summary>
internal static class TopTable
{
    /// <summary>Columns of a screen that has room for everything.</summary>
    private const int WideColumns = 116;

    /// <summary>What a smaller screen shows of a rank: worker, rank, layers, tokens, ms, computing, waiting, idle,
    /// memory.</summary>
    private static readonly int[] _narrow = [0, 2, 3, 5, 6, 7, 8, 11, 12];

    /// <summary>For people: ranks, then links.</summary>
    public static void Write(
        Terminal terminal, IReadOnlyList<WorkerStatus> before, IReadOnlyList<WorkerStatus> after, TimeSpan between)
    {
        var tables = terminal.Tables();
        var isNarrow = tables.Profile.Width < WideColumns;
        var ranks = isNarrow
            ? new NumberTable(["worker", "rank", "layers"], "tok/s", "step ms", "comp", "wait", "idle", "MiB")
            : new NumberTable(["worker", "state", "rank", "layers"], "steps/s", "tok/s", "step ms",
                "comp", "wait", "move", "reduce", "idle", "MiB");
        var links = new NumberTable(["link"], "out MB/s", "in MB/s", "RTT us", "wait us p50", "p99",
            "sent again");
        foreach (var (old, now) in before.Zip(after))
        {
            if (now.Status is not { } status)
            {
                ranks.Add(isNarrow ? [now.Address, "-", "silent"] : [now.Address, "silent", "-", "-"]);
                continue;
            }
            // Another epoch counts from zero again.
            var earlier = old.Status is { } was && was.Epoch == status.Epoch && was.Steps <= status.Steps ? was : new();
            var cells = Rank(now.Address, earlier, status, between.TotalSeconds).ToArray();
            if (status.State != WorkerState.Running) cells[3] = isNarrow ? StatusJson.Word(status.State) : "-";
            ranks.Add(isNarrow ? _narrow.Select(i => cells[i]) : cells);
            foreach (var link in status.State == WorkerState.Running ? status.Links : [])
                links.Add(Link(earlier, status, link, between.TotalSeconds));
        }
        ranks.Write(tables);
        if (!links.IsEmpty) links.Write(tables);
        foreach (var now in after)
            if ((now.Status?.Problem ?? now.Problem) is { Length: > 0 } problem)
                terminal.Out.WriteLine($"{now.Address}: {problem}");
    }

    /// <summary>One object for a program: all counts since the start.</summary>
    public static string ForPrograms(IReadOnlyList<WorkerStatus> workers) => Json.WriteObject(json =>
    {
        json.WriteStartArray("workers");
        foreach (var worker in workers) StatusJson.Write(json, worker.Address, worker.Status, worker.Problem);
        json.WriteEndArray();
    }, isIndented: true);

    private static IEnumerable<string> Rank(string address, StatusReply before, StatusReply now, double seconds)
    {
        var shares = StepShares.Between(before, now);
        var steps = now.Steps - before.Steps;
        var busy = now.StepSeconds - before.StepSeconds;
        return
        [
            address, StatusJson.Word(now.State), now.Rank >= 0 ? Text($"{now.Rank}") : "-",
            now.LayerEnd > 0 ? $"{now.LayerFirst}-{now.LayerEnd - 1}" : "-",
            Text($"{steps / seconds:F1}"), Text($"{(now.Tokens - before.Tokens) / seconds:F1}"),
            steps > 0 ? Text($"{1e3 * busy / steps:F2}") : "-",
            Percent(shares.Compute), Percent(shares.Wait), Percent(shares.Transfer), Percent(shares.Reduce),
            Percent(Math.Max(0, 1 - (busy / seconds))), Text($"{now.MemoryBytes >> 20}"),
        ];
    }

    private static IEnumerable<string> Link(StatusReply before, StatusReply now, LinkStatus link, double seconds)
    {
        var old = before.Links.FirstOrDefault(one => one.Peer == link.Peer) ?? new();
        return
        [
            $"{now.Rank} - {link.Peer}", Text($"{(link.BytesSent - old.BytesSent) / seconds / 1e6:F2}"),
            Text($"{(link.BytesReceived - old.BytesReceived) / seconds / 1e6:F2}"),
            Text($"{link.RoundTripMicrosecondsNow}"), Text($"{link.Wait?.P50 ?? 0:F0}"),
            Text($"{link.Wait?.P99 ?? 0:F0}"),
            Text($"{link.Retransmissions}"),
        ];
    }

    private static string Percent(double share) => Text($"{share * 100:F0} %");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
