namespace Minka.Collectives.Simulation;

/// <summary>
/// Ranks in one process over a network that exists in virtual time: with delay and chance, and with faults at times
/// that the test says. A second costs nothing, and equal seeds give equal runs.
/// </summary>
/// <remarks>
/// Each rank is a thread, but only one of them runs at a time, like coroutines: it runs until it waits, and then the
/// rank that can go on earliest is woken and the clock is set. Code between two waits takes no time unless it says so
/// with <see cref="SimulatedTransport.Compute"/>.
/// </remarks>
public sealed class SimulatedNetwork
{
    private readonly object _gate = new();
    private readonly SimulatedNetworkOptions _options;
    private readonly VirtualTime _time = new();
    private readonly Random _random;
    private readonly SimulatedTransport[] _ranks;
    private readonly SimulatedLink[] _links;
    private readonly List<(long At, Action Apply)> _faults = [];
    private readonly long[] _linkFree;
    private int _running = -1, _generation;
    private bool _isStuck;

    /// <param name="size">Ranks.</param>
    /// <param name="options">What the network is like.</param>
    public SimulatedNetwork(int size, SimulatedNetworkOptions options)
    {
        (Size, _options) = (size, options);
        _random = new(options.Seed);
        _ranks = [.. Enumerable.Range(0, size).Select(rank => new SimulatedTransport(this, rank))];
        _links = [.. Enumerable.Range(0, size * size).Select(_ => new SimulatedLink())];
        _linkFree = new long[size];
    }

    /// <summary>The clock of the simulation.</summary>
    public TimeProvider Time => _time;

    /// <summary>Virtual time since the start.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(_time.Now / 100);

    internal SimulatedNetworkOptions Options => _options;

    internal int Size { get; }

    /// <summary>At a time, one rank's process ends: its links close.</summary>
    public void KillAt(TimeSpan at, int rank) => Schedule(at, () =>
    {
        _ranks[rank].IsDead = true;
        Close(rank);
    });

    /// <summary>At a time, a rank that was killed is started again; it comes back with
    /// <see cref="SimulatedTransport.Join"/>.</summary>
    public void ReviveAt(TimeSpan at, int rank) => Schedule(at, () =>
    {
        _ranks[rank].IsDead = false;
        TryJoin();
    });

    /// <summary>At a time, the link between two ranks breaks; both see it close.</summary>
    public void CutAt(TimeSpan at, int one, int other) => Schedule(at, () =>
    {
        Link(one, other).IsClosed = true;
        Link(other, one).IsClosed = true;
    });

    /// <summary>
    /// From a time on, nothing passes between these ranks and the others; nobody sees anything close.
    /// </summary>
    public void PartitionAt(TimeSpan at, params IReadOnlyList<int> ranks) => Schedule(at, () =>
    {
        for (var from = 0; from < Size; from++)
            for (var to = 0; to < Size; to++)
                if (ranks.Contains(from) != ranks.Contains(to)) Link(from, to).IsSilent = true;
    });

    /// <summary>At a time, partitions end. What was sent meanwhile is lost.</summary>
    public void HealAt(TimeSpan at) => Schedule(at, () =>
    {
        foreach (var link in _links) link.IsSilent = false;
        TryJoin();
    });

    /// <summary>Runs one body per rank until all have ended.</summary>
    /// <returns>By rank: null if it ended well, else what it threw.</returns>
    public IReadOnlyList<Exception?> Run(Action<SimulatedTransport> body)
    {
        var thrown = new Exception?[Size];
        var threads = _ranks.Select(rank => new Thread(() => thrown[rank.Rank] = RunOne(rank, body))
        {
            IsBackground = true,
            Name = $"simulated rank {rank.Rank}",
        }).ToList();
        lock (_gate)
        {
            foreach (var rank in _ranks) rank.WakeAt = 0;
            threads.ForEach(thread => thread.Start());
            WakeNext();
        }
        threads.ForEach(thread => thread.Join());
        return thrown;
    }

    internal void Send(int from, int to, ReadOnlySpan<byte> message)
    {
        lock (_gate)
        {
            var link = Link(from, to);
            if (link.IsClosed || link.IsSilent) return; // As with a real one, the sender learns of it later.
            var out0 = Math.Max(_time.Now, _linkFree[from]);
            _linkFree[from] = out0 + (long)(message.Length / _options.BytesPerSecond * 1e9);
            var jitter = (long)(_random.NextDouble() * _options.Jitter.TotalNanoseconds);
            link.Enqueue(_linkFree[from] + (long)_options.Latency.TotalNanoseconds + jitter, message.ToArray());
            Touch(to);
        }
    }

    /// <summary>Waits in virtual time for the next message of a link.</summary>
    /// <returns>It; null if the link closed or the deadline passed, with who is lost and why.</returns>
    internal byte[]? Receive(int from, int to, TimeSpan within, out PeerLostException? lost)
    {
        lock (_gate)
        {
            var me = _ranks[to];
            var deadline = within == Timeout.InfiniteTimeSpan ? long.MaxValue
                : _time.Now + (long)within.TotalNanoseconds;
            var link = Link(from, to);
            while (true)
            {
                lost = me.IsDead ? new(to, "this rank was stopped") : null;
                if (lost is not null) return null;
                if (link.TryDequeue(_time.Now, out var message)) return message;
                lost = link is { IsClosed: true, IsEmpty: true } ? link.Parting ?? new(from, "it closed the connection")
                    : _time.Now >= deadline ? new(from, $"it was silent for {within.TotalSeconds} s")
                    : null;
                if (lost is not null) return null;
                WaitUntil(me, () => Math.Min(deadline, link.NextAt));
            }
        }
    }

    /// <summary>Waits until all have come; false if the time passes before.</summary>
    internal bool Join(int rank, TimeSpan within)
    {
        lock (_gate)
        {
            var (me, generation, deadline) = (_ranks[rank], _generation, _time.Now + (long)within.TotalNanoseconds);
            me.IsJoining = true;
            TryJoin();
            while (_generation == generation && _time.Now < deadline)
                WaitUntil(me, () => _generation == generation ? deadline : 0);
            me.IsJoining = false;
            return _generation != generation;
        }
    }

    /// <summary>New links, once all have come and none is cut off.</summary>
    private void TryJoin()
    {
        if (!_ranks.All(rank => rank is { IsJoining: true, IsDead: false })) return;
        if (_links.Any(link => link.IsSilent)) return;
        _generation++;
        for (var i = 0; i < _links.Length; i++) _links[i] = new();
        foreach (var rank in _ranks)
        {
            rank.IsJoining = false;
            Touch(rank.Rank);
        }
    }

    internal void Compute(int rank, TimeSpan duration)
    {
        lock (_gate)
        {
            var until = _time.Now + (long)duration.TotalNanoseconds;
            while (_time.Now < until && !_ranks[rank].IsDead) WaitUntil(_ranks[rank], () => until);
        }
    }

    /// <summary>Closes all links of a rank; what it sent before still arrives, and whom it has lost.</summary>
    internal void Leave(int rank, PeerLostException? lost)
    {
        lock (_gate)
        {
            for (var other = 0; other < Size; other++)
                if (!Link(rank, other).IsClosed) Link(rank, other).Parting = lost;
            Close(rank);
        }
    }

    private Exception? RunOne(SimulatedTransport rank, Action<SimulatedTransport> body)
    {
        lock (_gate)
            while (_running != rank.Rank) Monitor.Wait(_gate);
        Exception? thrown = null;
        try
        {
            body(rank);
        }
        catch (Exception any)
        {
            thrown = any;
        }
        lock (_gate)
        {
            Close(rank.Rank);
            rank.WakeAt = null;
            WakeNext();
        }
        return thrown;
    }

    /// <summary>Lets others run until this rank's time has come. What it waits for may come nearer meanwhile.</summary>
    private void WaitUntil(SimulatedTransport rank, Func<long> wakeAt)
    {
        rank.WakeAt = wakeAt();
        rank.Recompute = wakeAt;
        WakeNext();
        while (_running != rank.Rank) Monitor.Wait(_gate);
        rank.Recompute = null;
        if (_isStuck)
            throw new InvalidOperationException("Every rank waits without a deadline and no message is on its way: "
                + "the simulation cannot go on.");
    }

    private void Touch(int rank)
    {
        if (_ranks[rank].Recompute is { } recompute) _ranks[rank].WakeAt = recompute();
    }

    /// <summary>The earliest rank runs next, the lowest on a tie; faults that are due come before it.</summary>
    private void WakeNext()
    {
        while (true)
        {
            var next = _ranks.Where(rank => rank.WakeAt is not null).MinBy(rank => rank.WakeAt);
            if (next is null) break;
            if (_faults.Count == 0 || _faults[0].At > next.WakeAt)
            {
                _isStuck = next.WakeAt == long.MaxValue;
                if (!_isStuck) _time.Now = Math.Max(_time.Now, next.WakeAt!.Value);
                _running = next.Rank;
                Monitor.PulseAll(_gate);
                return;
            }
            var (at, apply) = _faults[0];
            _faults.RemoveAt(0);
            _time.Now = Math.Max(_time.Now, at);
            apply();
        }
    }

    private void Schedule(TimeSpan at, Action apply)
    {
        lock (_gate)
        {
            _faults.Add(((long)at.TotalNanoseconds, apply));
            _faults.Sort((a, b) => a.At.CompareTo(b.At));
        }
    }

    /// <summary>Nobody learns through a partition that a rank has gone.</summary>
    private void Close(int rank)
    {
        for (var other = 0; other < Size; other++)
        {
            if (!Link(rank, other).IsSilent) Link(rank, other).IsClosed = true;
            if (!Link(other, rank).IsSilent) Link(other, rank).IsClosed = true;
            Touch(other);
        }
        Touch(rank);
    }

    private SimulatedLink Link(int from, int to) => _links[(from * Size) + to];
}
