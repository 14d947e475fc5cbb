using System.Runtime.InteropServices;
using Minka.Collectives.Choosing;
using Minka.Collectives.Metrics;
using Minka.Collectives.Transports;
using Minka.Collectives.Wires;

namespace Minka.Collectives;

/// <summary>A group of ranks over a transport. Several groups may share one transport and one thread.</summary>
public sealed class MeshCommunicator : ICommunicator
{
    private readonly Group _group;
    private readonly IWire _wire, _boundary;
    private readonly AllReduceChoice _choice;
    private readonly TimeProvider _time;
    private readonly TraceLog? _trace;

    /// <param name="transport">Links; stays the caller's to dispose.</param>
    /// <param name="options">How to sum.</param>
    /// <param name="members">Ranks of the transport in the group's order; null for all of them.</param>
    /// <exception cref="ArgumentException">
    /// An algorithm or a format has no such name, or this rank is no member.
    /// </exception>
    public MeshCommunicator(
        ITransport transport, CommunicatorOptions options, IReadOnlyList<int>? members = null)
    {
        _group = new(transport, members ?? [.. Enumerable.Range(0, transport.Size)]);
        (_wire, _boundary) = (Wires.Wires.Named(options.Wire), Wires.Wires.Named(options.Boundary));
        _choice = new(options.Algorithm, _group.Size);
        (_time, _trace) = (transport.Time, options.Trace);
        Metrics = new(Enumerable.Range(0, _group.Size).Select(rank => transport.Link(_group.Member(rank))));
    }

    /// <inheritdoc/>
    public int Rank => _group.Rank;

    /// <inheritdoc/>
    public int Size => _group.Size;

    /// <inheritdoc/>
    public CommunicatorMetrics Metrics { get; }

    /// <summary>
    /// Measures links and algorithms and lets <c>auto</c> choose by what was found. Every rank calls it, once, before
    /// the first sum.
    /// </summary>
    /// <param name="atMost">Time that measuring may take, about.</param>
    /// <exception cref="PeerLostException">A rank is gone or silent.</exception>
    public CollectiveTuning Tune(TimeSpan atMost)
    {
        if (Size == 1) return new(0, double.PositiveInfinity, []);
        var tuning = new Tuner(_group, _wire).Run(atMost);
        _choice.Use(tuning);
        return tuning;
    }

    /// <inheritdoc/>
    public void AllReduce(Span<float> values)
    {
        if (Size == 1 || values.Length == 0) return;
        var stopwatch = new Stopwatch(this);
        var bytes = _wire.Bytes(values.Length);
        var part = _wire.Values(_group.Transport.MessageBytesMax);
        for (; values.Length > 0; values = values[Math.Min(part, values.Length)..])
        {
            var now = values[..Math.Min(part, values.Length)];
            _choice.For(_wire.Bytes(now.Length)).Run(_group, now, _wire);
        }
        stopwatch.Stop(CollectiveOperation.AllReduce, bytes);
    }

    /// <inheritdoc/>
    public void AllGather(ReadOnlySpan<float> mine, Span<float> all, ReadOnlySpan<int> counts)
    {
        GatherLayout.Check(mine.Length, all.Length, counts, Rank, Size);
        var stopwatch = new Stopwatch(this);
        var part = _group.Transport.MessageBytesMax / sizeof(float);
        var longest = 0;
        foreach (var count in counts) longest = Math.Max(longest, count);
        for (var at = 0; at < longest; at += part)
        {
            var piece = Piece(mine, at, part);
            for (var step = 1; step < Size && piece.Length > 0; step++)
                _group.Send(_group.After(step), MemoryMarshal.AsBytes(piece));
            var theirs = all;
            for (var rank = 0; rank < Size; theirs = theirs[counts[rank++]..])
            {
                var into = Piece(theirs[..counts[rank]], at, part);
                if (rank == Rank) piece.CopyTo(into);
                else if (into.Length > 0) ReceiveExactly(rank, MemoryMarshal.AsBytes(into));
            }
        }
        stopwatch.Stop(CollectiveOperation.AllGather, (long)all.Length * sizeof(float));
    }

    /// <inheritdoc/>
    public void Broadcast(Span<byte> bytes, int root)
    {
        var stopwatch = new Stopwatch(this);
        _group.Member(root);
        var length = bytes.Length;
        while (bytes.Length > 0)
        {
            var part = bytes[..Math.Min(bytes.Length, _group.Transport.MessageBytesMax)];
            if (Rank != root) ReceiveExactly(root, part);
            else for (var step = 1; step < Size; step++) _group.Send(_group.After(step), part);
            bytes = bytes[part.Length..];
        }
        stopwatch.Stop(CollectiveOperation.Broadcast, length);
    }

    /// <inheritdoc/>
    public void Send(int peer, ReadOnlySpan<float> values)
    {
        var stopwatch = new Stopwatch(this);
        var bytes = _boundary.Bytes(values.Length);
        var part = _boundary.Values(_group.Transport.MessageBytesMax);
        for (; values.Length > 0; values = values[Math.Min(part, values.Length)..])
            _group.Send(peer, _group.Encode(values[..Math.Min(part, values.Length)], _boundary));
        stopwatch.Stop(CollectiveOperation.Send, bytes);
    }

    /// <inheritdoc/>
    public void Receive(int peer, Span<float> values)
    {
        var stopwatch = new Stopwatch(this);
        var bytes = _boundary.Bytes(values.Length);
        var part = _boundary.Values(_group.Transport.MessageBytesMax);
        for (; values.Length > 0; values = values[Math.Min(part, values.Length)..])
        {
            var now = values[..Math.Min(part, values.Length)];
            _boundary.Decode(_group.Receive(peer, now.Length, _boundary), now);
        }
        stopwatch.Stop(CollectiveOperation.Receive, bytes);
    }

    /// <inheritdoc/>
    public void SendMessage(int peer, ReadOnlySpan<byte> message)
    {
        var stopwatch = new Stopwatch(this);
        _group.Send(peer, message);
        stopwatch.Stop(CollectiveOperation.Send, message.Length);
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> ReceiveMessage(int peer, TimeSpan within)
    {
        var stopwatch = new Stopwatch(this);
        var message = _group.Transport.Receive(_group.Member(peer), within);
        stopwatch.Stop(CollectiveOperation.Receive, message.Length);
        return message;
    }

    /// <summary>Dissemination: after k rounds a rank has heard, directly or not, of the 2^k ranks before it.</summary>
    public void Barrier()
    {
        var stopwatch = new Stopwatch(this);
        _group.Barrier();
        stopwatch.Stop(CollectiveOperation.Barrier, 0);
    }

    private void ReceiveExactly(int rank, Span<byte> into)
    {
        var message = _group.Transport.Receive(_group.Member(rank));
        if (message.Length != into.Length) throw _group.Disagree(rank, message.Length, into.Length);
        message.CopyTo(into);
    }

    private static ReadOnlySpan<T> Piece<T>(ReadOnlySpan<T> values, int at, int length) =>
        at >= values.Length ? [] : values.Slice(at, Math.Min(length, values.Length - at));

    private static Span<T> Piece<T>(Span<T> values, int at, int length) =>
        at >= values.Length ? [] : values.Slice(at, Math.Min(length, values.Length - at));

    /// <summary>Splits an operation's time into waiting, moving and computing.</summary>
    private readonly struct Stopwatch(MeshCommunicator owner)
    {
        private readonly long _start = owner._time.GetTimestamp();
        private readonly TransportTimes _times = owner._group.Transport.Times;

        public void Stop(CollectiveOperation operation, long bytes)
        {
            var times = owner._group.Transport.Times;
            var start = Nanoseconds(_start);
            var total = Nanoseconds(owner._time.GetTimestamp()) - start;
            var wait = Nanoseconds(times.Wait - _times.Wait);
            var transfer = Nanoseconds(times.Transfer - _times.Transfer);
            var metrics = owner.Metrics[operation];
            metrics.Record(total, wait, transfer, bytes);
            owner._trace?.Record(new(metrics.Name, start, total, wait, transfer, bytes));
        }

        private long Nanoseconds(long ticks) => TraceLog.Nanoseconds(ticks, owner._time.TimestampFrequency);
    }
}
