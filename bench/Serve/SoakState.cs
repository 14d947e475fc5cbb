using System.Globalization;

namespace Minka.Bench.Serve;

/// <summary>What a server holds, as its metrics say.</summary>
/// <param name="UsedBlocks">Blocks of the KV cache that sequences hold.</param>
/// <param name="Running">Sequences in the batch or the queue.</param>
/// <param name="OpenFiles">Files and sockets.</param>
/// <param name="Threads">Of the operating system.</param>
/// <param name="HeapMiB">Managed.</param>
/// <param name="ResidentMiB">In memory.</param>
internal sealed record SoakState(
    int UsedBlocks, int Running, int OpenFiles, int Threads, double HeapMiB, double ResidentMiB)
{
    private const double MiB = 1 << 20;

    /// <summary>From Prometheus' text.</summary>
    public static SoakState Read(string metrics)
    {
        var lines = metrics.Split('\n');
        double Sum(string name, string label = "") => lines
            .Where(line => line.StartsWith(name, StringComparison.Ordinal)
                && line.Length > name.Length && line[name.Length] is ' ' or '{'
                && line.Contains(label, StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
        return new(
            (int)Sum("minka_kv_blocks", "state=\"used\""),
            (int)(Sum("minka_requests_running") + Sum("minka_requests_waiting")),
            (int)Sum("process_open_fds"), (int)Sum("process_threads"),
            Sum("minka_gc_heap_bytes") / MiB, Sum("process_resident_memory_bytes") / MiB);
    }
}
