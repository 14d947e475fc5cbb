using System.Globalization;
using System.Runtime.InteropServices;
using Minka.Collectives;
using Minka.Collectives.Metrics;
using Minka.Collectives.Transports;

namespace Minka.Bench.Collectives;

/// <summary>What one rank does: the same sums as all others, timed. One of them writes.</summary>
internal sealed class RankBench(ITransport transport, Options options, TextWriter? report)
{
    private const int WarmUps = 3;
    private const int RepetitionsMin = 5;
    private const int RepetitionsMax = 2000;
    private static readonly string[] _algorithms = ["one-shot", "two-shot", "recursive-doubling", "ring", "star"];

    public void Run()
    {
        foreach (var wire in options.Wires)
        {
            var auto = new MeshCommunicator(transport, new() { Wire = wire });
            var start = transport.Time.GetTimestamp();
            var tuning = auto.Tune(TimeSpan.FromSeconds(1));
            Say($"\n{transport.Size} ranks, {wire}; auto measured for "
                + $"{transport.Time.GetElapsedTime(start).TotalSeconds:0.00} s and chose:\n{tuning.Describe()}\n");
            Say("values KiB |" + string.Concat(_algorithms.Append("auto").Select(name => $" {name,17} |"))
                + "  (us: p50 / p99; * the fastest p50)");
            for (var bytes = 4 << 10; bytes <= options.BytesMax; bytes *= 4) RunSize(bytes, wire, auto);
        }
    }

    private void RunSize(int bytes, string wire, MeshCommunicator auto)
    {
        var values = new float[bytes / sizeof(float)];
        values.AsSpan().Fill(1);
        var times = _algorithms
            .Select(name => Time(new(transport, new() { Algorithm = name, Wire = wire }), values))
            .Append(Time(auto, values)).ToList();
        var fastest = times.Min(time => time.Quantile(0.5));
        Say($"{bytes >> 10,10} |" + string.Concat(times.Select(time => Cell(time, fastest))));
    }

    private static string Cell(LatencyHistogram time, double fastest)
    {
        var mark = time.Quantile(0.5) == fastest ? "*" : "";
        var text = string.Create(CultureInfo.InvariantCulture,
            $"{mark}{time.Quantile(0.5) / 1e3:0} / {time.Quantile(0.99) / 1e3:0}");
        return text.PadLeft(18) + " |";
    }

    private LatencyHistogram Time(MeshCommunicator ranks, float[] values)
    {
        var start = transport.Time.GetTimestamp();
        for (var i = 0; i < WarmUps; i++) ranks.AllReduce(values);
        var each = transport.Time.GetElapsedTime(start).TotalSeconds / WarmUps;
        Span<int> repetitions = [(int)Math.Clamp(options.Seconds / each, RepetitionsMin, RepetitionsMax)];
        ranks.Broadcast(MemoryMarshal.AsBytes(repetitions), 0);
        ranks.Barrier();

        var total = new LatencyHistogram();
        for (var i = 0; i < repetitions[0]; i++)
        {
            var before = transport.Time.GetTimestamp();
            ranks.AllReduce(values);
            total.Record((long)transport.Time.GetElapsedTime(before).TotalNanoseconds);
        }
        return total;
    }

    private void Say(string line) => report?.WriteLine(line);
}
