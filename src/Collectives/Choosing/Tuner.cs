using System.Runtime.InteropServices;
using Minka.Collectives.Algorithms;
using Minka.Collectives.Wires;

namespace Minka.Collectives.Choosing;

/// <summary>Measures links, then every algorithm that could win at every message size, all ranks together.</summary>
internal sealed class Tuner(Group group, IWire wire)
{
    private const int RoundTrips = 20;
    private const int ProbeBytes = 64;
    private const int BulkBytes = 256 << 10;
    private const int BulkMessages = 4;
    private const int RepetitionsMax = 30;
    private const int RepetitionsMin = 3;

    /// <summary>A prediction this many times the best is not measured.</summary>
    private const double WorthMeasuring = 4;

    /// <summary>
    /// Messages so short are measured in every way: what they cost is the processors', which links do not predict.
    /// </summary>
    private const int ShortBytes = 8 << 10;

    private readonly TimeProvider _time = group.Transport.Time;

    /// <summary>Encoded sizes that are measured, in bytes.</summary>
    public static IReadOnlyList<int> MessageSizes { get; } = [2 << 10, 8 << 10, 32 << 10, 128 << 10, 1 << 20];

    public CollectiveTuning Run(TimeSpan atMost)
    {
        group.Barrier();
        var latency = MeasureLatency();
        var link = Agree(new(latency, MeasureBulk(latency)));
        var repetitions = Plan(link, atMost);
        var times = new double[repetitions.Length];
        for (var i = 0; i < times.Length; i++)
            if (repetitions[i] > 0) times[i] = Measure(i, (int)repetitions[i]);
        Slowest(times);
        return new(link.Latency, 1 / link.SecondsPerByte, Rows(link, times));
    }

    private static int Candidates => AllReduces.All.Count;

    private List<TuningRow> Rows(LinkCost link, double[] times)
    {
        var rows = new List<TuningRow>();
        for (var size = 0; size < MessageSizes.Count; size++)
        {
            var row = AllReduces.All.Select((algorithm, i) => times[(size * Candidates) + i] is > 0 and var seconds
                ? new AlgorithmTime(algorithm.Name, seconds, true)
                : new(algorithm.Name, algorithm.Predict(group.Size, MessageSizes[size], link), false)).ToList();
            var measured = row.Where(time => time.IsMeasured).DefaultIfEmpty(row.MinBy(time => time.Seconds));
            rows.Add(new(MessageSizes[size], measured.MinBy(time => time.Seconds).Algorithm, row));
        }
        return rows;
    }

    /// <summary>How often each algorithm is tried at each size; 0 where it is hopeless or time is short.</summary>
    private double[] Plan(LinkCost link, TimeSpan atMost)
    {
        var predicted = MessageSizes.Select(bytes =>
            AllReduces.All.Select(algorithm => algorithm.Predict(group.Size, bytes, link)).ToArray()).ToList();
        double[] worth = [.. predicted.SelectMany((row, size) => row.Select(seconds =>
            MessageSizes[size] <= ShortBytes || seconds <= WorthMeasuring * row.Min() ? seconds : 0))];
        var each = atMost.TotalSeconds / worth.Count(seconds => seconds > 0);
        double[] plan = [.. worth.Select(seconds => seconds > 0 && each >= RepetitionsMin * seconds
            ? Math.Floor(Math.Min(each / seconds, RepetitionsMax))
            : 0)];
        FromFirst(plan);
        return plan;
    }

    private double Measure(int index, int repetitions)
    {
        var algorithm = AllReduces.All[index % Candidates];
        var values = new float[wire.Values(Math.Min(MessageSizes[index / Candidates], MessageBytesMax))];
        algorithm.Run(group, values, wire);
        group.Barrier();
        return Median(repetitions, () => algorithm.Run(group, values, wire));
    }

    private int MessageBytesMax => group.Transport.MessageBytesMax;

    /// <summary>Each pair plays ping-pong, one pair after another; the one-way median over this rank's links.</summary>
    private double MeasureLatency()
    {
        var links = new List<double>();
        var ball = new byte[ProbeBytes];
        for (var first = 0; first < group.Size; first++)
            for (var second = first + 1; second < group.Size; second++)
            {
                if (group.Rank == first) links.Add(Serve(second, ball));
                if (group.Rank == second) links.Add(Return(first, ball));
            }
        links.Sort();
        return links[links.Count / 2] / 2;
    }

    private double Serve(int peer, byte[] ball)
    {
        var median = Median(RoundTrips, () =>
        {
            var start = _time.GetTimestamp();
            group.Send(peer, ball);
            group.Transport.Receive(group.Member(peer));
            RecordRoundTrip(peer, _time.GetElapsedTime(start).TotalSeconds);
        });
        group.Send(peer, MemoryMarshal.AsBytes([median]));
        return median;
    }

    private double Return(int peer, byte[] ball)
    {
        for (var i = 0; i < RoundTrips; i++)
        {
            group.Transport.Receive(group.Member(peer));
            group.Send(peer, ball);
        }
        Span<double> median = stackalloc double[1];
        ReceiveDoubles(peer, median);
        RecordRoundTrip(peer, median[0]);
        return median[0];
    }

    private void RecordRoundTrip(int peer, double seconds) =>
        group.Transport.Link(group.Member(peer)).RoundTrip.Record((long)(seconds * 1e9));

    /// <summary>Everyone sends to the next rank at once; seconds per byte.</summary>
    private double MeasureBulk(double latency)
    {
        var bulk = new byte[Math.Min(BulkBytes, MessageBytesMax)];
        group.Barrier();
        var start = _time.GetTimestamp();
        for (var i = 0; i < BulkMessages; i++) group.Send(group.After(1), bulk);
        for (var i = 0; i < BulkMessages; i++) group.Transport.Receive(group.Member(group.After(group.Size - 1)));
        var seconds = _time.GetElapsedTime(start).TotalSeconds - latency;
        return Math.Max(seconds, 1e-6) / ((double)BulkMessages * bulk.Length);
    }

    private double Median(int repetitions, Action action)
    {
        var times = new double[repetitions];
        for (var i = 0; i < repetitions; i++)
        {
            var start = _time.GetTimestamp();
            action();
            times[i] = _time.GetElapsedTime(start).TotalSeconds;
        }
        Array.Sort(times);
        return times[repetitions / 2];
    }

    /// <summary>Mean latency and slowest bandwidth over all ranks, the same bits everywhere.</summary>
    private LinkCost Agree(LinkCost mine)
    {
        double[] costs = [mine.Latency, mine.SecondsPerByte];
        var sum = 0.0;
        var worst = 0.0;
        ForEachRank(costs, theirs =>
        {
            sum += theirs[0];
            worst = Math.Max(worst, theirs[1]);
        });
        (costs[0], costs[1]) = (sum / group.Size, worst);
        FromFirst(costs);
        return new(costs[0], costs[1]);
    }

    private void Slowest(double[] times)
    {
        var slowest = new double[times.Length];
        ForEachRank(times, theirs =>
        {
            for (var i = 0; i < slowest.Length; i++) slowest[i] = Math.Max(slowest[i], theirs[i]);
        });
        slowest.CopyTo(times, 0);
        FromFirst(times);
    }

    /// <summary>Rank 0 sees the numbers of every rank, its own first.</summary>
    private void ForEachRank(double[] mine, Action<double[]> atFirst)
    {
        if (group.Rank > 0)
        {
            group.Send(0, MemoryMarshal.AsBytes(mine.AsSpan()));
            return;
        }
        atFirst(mine);
        for (var rank = 1; rank < group.Size; rank++)
        {
            var theirs = new double[mine.Length];
            ReceiveDoubles(rank, theirs);
            atFirst(theirs);
        }
    }

    private void FromFirst(Span<double> numbers)
    {
        if (group.Rank > 0) ReceiveDoubles(0, numbers);
        else for (var rank = 1; rank < group.Size; rank++) group.Send(rank, MemoryMarshal.AsBytes(numbers));
    }

    private void ReceiveDoubles(int rank, Span<double> numbers)
    {
        var message = group.Transport.Receive(group.Member(rank));
        var due = numbers.Length * sizeof(double);
        if (message.Length != due) throw group.Disagree(rank, message.Length, due);
        message.CopyTo(MemoryMarshal.AsBytes(numbers));
    }
}
