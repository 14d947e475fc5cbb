using System.Text.Json;
using Minka.Cli.Answers;
using Minka.Cli.Options;
using Minka.Cluster;
using Minka.Cluster.Metrics;

namespace Minka.Cli.Machines;

/// <summary>What can be told of a model that runs on several machines, once it has run.</summary>
/// <param name="open">The model; told of only while it is open.</param>
/// <param name="choice">What was asked for.</param>
/// <param name="terminal">Where to tell it.</param>
internal sealed class ClusterRun(OpenModel open, ClusterChoice? choice, Terminal terminal)
{
    /// <summary>Longest look back of a trace; a rank's log holds less of a busy run.</summary>
    private static readonly TimeSpan _window = TimeSpan.FromHours(1);

    private static readonly TimeSpan _askWithin = TimeSpan.FromSeconds(10);

    /// <summary>Writes the report and the trace that were asked for; nothing for one machine.</summary>
    /// <param name="answer">What was answered; null if it was no answer.</param>
    /// <param name="wantsReport">Asked for otherwise.</param>
    public async Task EndAsync(AnswerReport? answer = null, bool wantsReport = false)
    {
        if (Model is not { } cluster) return;
        using var patience = new CancellationTokenSource(_askWithin, terminal.Time);
        if (choice?.TracePath is { } path) await WriteTraceAsync(cluster, path, patience.Token);
        if (!wantsReport && choice?.WantsReport is not true) return;
        var ranks = await cluster.Monitor!.StatusAsync(patience.Token);
        ClusterReport.Write(terminal, cluster, Root(cluster), ranks, answer);
    }

    /// <summary>The same facts as a member <c>cluster</c> of an object; nothing for one machine.</summary>
    public async Task<Action<Utf8JsonWriter>> ForProgramsAsync()
    {
        if (Model is not { } cluster) return _ => { };
        using var patience = new CancellationTokenSource(_askWithin, terminal.Time);
        var ranks = await cluster.Monitor!.StatusAsync(patience.Token);
        return json =>
        {
            json.WritePropertyName("cluster");
            ClusterReport.Write(json, cluster, Root(cluster), ranks);
        };
    }

    private ClusterModel? Model => open.Model as ClusterModel is { Monitor: not null } cluster ? cluster : null;

    private RootStatus Root(ClusterModel cluster)
    {
        var now = Meter(cluster).Status();
        var status = open.Recovering?.Totals().Status(now.ClockNanoseconds) ?? now;
        status.Rank = cluster.Replica!.Stages.Sum(stage => stage.Ranks.Count);
        status.MemoryBytes = Environment.WorkingSet;
        return new(status, now, open.Recovering?.Recoveries ?? 0);
    }

    /// <summary>The root's, of the cluster that ran last.</summary>
    private RankMeter Meter(ClusterModel first) => (open.Recovering?.Current ?? first).Executor.Meter;

    private async Task WriteTraceAsync(ClusterModel cluster, string path, CancellationToken cancellation)
    {
        var log = Meter(cluster).Trace;
        var ranks = await cluster.Monitor!.TraceAsync(_window, () => log.Now, cancellation);
        var root = new RankTrace(ranks.Count, "root", 0, 0, log.Since(0));
        await using var file = File.Create(path);
        ChromeTrace.Write(file, [root, .. ranks]);
        if (terminal.IsErrorSeen)
            terminal.Error.WriteLine(terminal.Dim($"{path} opens in ui.perfetto.dev and chrome://tracing"));
    }
}
