using Minka.Cluster.Metrics;
using Minka.Cluster.Protocol;
using Minka.Plan;
using Minka.Server.Web;

namespace Minka.Cli.Machines;

/// <summary>What the ranks of a served model do, for the live page: looked at as often as somebody asks, and not
/// oftener than twice a second.</summary>
/// <param name="monitor">Asks the workers; stays the caller's.</param>
/// <param name="replica">How the model is cut.</param>
/// <param name="time">Clock.</param>
internal sealed class ClusterWatch(ClusterMonitor monitor, ReplicaPlan replica, TimeProvider time)
{
    private static readonly TimeSpan _between = TimeSpan.FromSeconds(0.5);

    /// <summary>A page does not wait for machines that are silent.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly RankPlan[] _ranks = [.. replica.Stages.SelectMany(stage => stage.Ranks)];
    private Task<ClusterView> _looking = Task.FromResult(new ClusterView([], []));
    private ClusterView? _last;
    private IReadOnlyList<WorkerStatus> _before = [];
    private long _at, _beforeAt;

    /// <summary>The newest view; an older one while some machine does not answer.</summary>
    public async Task<ClusterView> LookAsync(CancellationToken cancellation)
    {
        Task<ClusterView> looking;
        lock (_lock)
        {
            if (_looking.IsCompleted && (_last is null || time.GetElapsedTime(_at) >= _between))
                (_looking, _at) = (Task.Run(ViewAsync, CancellationToken.None), time.GetTimestamp());
            looking = _looking;
        }
        await ((Task)looking).WaitAsync(_patience, time, cancellation)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return looking.IsCompletedSuccessfully ? looking.Result : _last ?? ViewOf([], [], 1);
    }

    private async Task<ClusterView> ViewAsync()
    {
        var now = await monitor.StatusAsync(CancellationToken.None).ConfigureAwait(false);
        var at = time.GetTimestamp();
        var seconds = Math.Max(1e-3, time.GetElapsedTime(_beforeAt, at).TotalSeconds);
        var view = ViewOf(_before.Count == now.Count ? _before : now, now, seconds);
        (_before, _beforeAt, _last) = (now, at, view);
        return view;
    }

    /// <summary>Workers are asked in the order of their ranks.</summary>
    internal ClusterView ViewOf(
        IReadOnlyList<WorkerStatus> before, IReadOnlyList<WorkerStatus> now, double seconds)
    {
        var looks = new (StatusReply Before, StatusReply Now)?[_ranks.Length];
        for (var i = 0; i < Math.Min(now.Count, _ranks.Length); i++)
            if (now[i].Status is { } status)
                looks[i] = (before[i].Status is { } was && was.Epoch == status.Epoch && was.Steps <= status.Steps
                    ? was : status, status);
        var ranks = _ranks.Select((rank, i) => RankOf(rank, now.ElementAtOrDefault(i), looks[i], seconds));
        return new([.. ranks], [.. LinksOf(looks, seconds)]);
    }

    private RankView RankOf(
        RankPlan rank, WorkerStatus? worker, (StatusReply Before, StatusReply Now)? look, double seconds)
    {
        var stage = replica.Stages.TakeWhile(one => !one.Ranks.Contains(rank)).Count();
        var layers = replica.Stages[stage].Layers;
        var view = new RankView
        {
            Rank = rank.Rank,
            Address = rank.Address,
            Stage = stage,
            Layers = layers.Start..layers.End,
            State = worker is null ? "unknown" : "silent",
            Problem = worker?.Problem ?? "",
        };
        if (look is not var (before, now)) return view;
        var shares = StepShares.Between(before, now);
        var busy = Math.Min(1, (now.StepSeconds - before.StepSeconds) / seconds);
        return view with
        {
            State = StatusJson.Word(now.State),
            Problem = now.Problem,
            MemoryBytes = now.MemoryBytes,
            WeightBytes = now.WeightBytes,
            KvBytes = now.KvBytes,
            StepsPerSecond = (now.Steps - before.Steps) / seconds,
            TokensPerSecond = (now.Tokens - before.Tokens) / seconds,
            Computing = busy * shares.Compute,
            Waiting = busy * shares.Wait,
            Moving = busy * shares.Transfer,
            Reducing = busy * shares.Reduce,
        };
    }

    /// <summary>Both ends tell of a link; one that is silent leaves it to the other.</summary>
    private IEnumerable<LinkView> LinksOf((StatusReply Before, StatusReply Now)?[] looks, double seconds)
    {
        var root = _ranks.Length;
        for (var to = 1; to <= root; to++)
            for (var from = 0; from < to; from++)
            {
                var there = LinkOf(looks[from], to);
                var back = to < root ? LinkOf(looks[to], from) : null;
                if ((there ?? back) is null) continue;
                yield return LinkOf(from, to, there, back, seconds);
            }
    }

    private LinkView LinkOf(
        int from, int to, (LinkStatus Before, LinkStatus Now)? there, (LinkStatus Before, LinkStatus Now)? back,
        double seconds)
    {
        var isRoot = to == _ranks.Length;
        return new()
        {
            From = from,
            To = isRoot ? null : to,
            RoundTrip = Most(link => link.RoundTripMicrosecondsNow) / 1e6,
            SentPerSecond = Rate(there?.Now.BytesSent - there?.Before.BytesSent,
                back?.Now.BytesReceived - back?.Before.BytesReceived),
            ReceivedPerSecond = Rate(there?.Now.BytesReceived - there?.Before.BytesReceived,
                back?.Now.BytesSent - back?.Before.BytesSent),
            WaitP50 = isRoot ? null : Most(link => link.Wait?.P50 ?? 0) / 1e6,
            WaitP99 = isRoot ? null : Most(link => link.Wait?.P99 ?? 0) / 1e6,
            Resent = (there?.Now.Retransmissions ?? 0) + (back?.Now.Retransmissions ?? 0),
        };

        double Most(Func<LinkStatus, double> value) =>
            Math.Max(there is { } a ? value(a.Now) : 0, back is { } b ? value(b.Now) : 0);

        double Rate(long? one, long? other) => Math.Max(0, one ?? other ?? 0) / seconds;
    }

    private static (LinkStatus Before, LinkStatus Now)? LinkOf((StatusReply Before, StatusReply Now)? look, int peer)
    {
        if (look is not var (before, now) || now.Links.FirstOrDefault(one => one.Peer == peer) is not { } link)
            return null;
        return (before.Links.FirstOrDefault(one => one.Peer == peer) ?? new(), link);
    }
}
