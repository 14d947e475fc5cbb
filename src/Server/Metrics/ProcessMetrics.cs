using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Minka.Server.Metrics;

/// <summary>What the process takes from the machine, under the names that Prometheus' own libraries use.</summary>
internal sealed class ProcessMetrics
{
    private readonly Counter _cpu, _gcPause;
    private readonly Gauge _resident, _heap, _threads, _queue, _files;

    /// <summary>Adds the families.</summary>
    /// <param name="registry">Where to.</param>
    /// <param name="version">The program's, as in <c>0.1.0+876469dc</c>.</param>
    public ProcessMetrics(MetricRegistry registry, string version)
    {
        _cpu = registry.Counter("process_cpu_seconds_total", "User and system time.").With();
        _resident = registry.Gauge("process_resident_memory_bytes", "Memory in use, not swapped out.").With();
        _files = registry.Gauge("process_open_fds", "Open files and sockets.").With();
        _threads = registry.Gauge("process_threads", "Threads of the operating system.").With();
        _heap = registry.Gauge("minka_gc_heap_bytes", "Bytes on the managed heap; weights and KV cache lie outside.")
            .With();
        _gcPause = registry.Counter("minka_gc_pause_seconds_total", "Time in which the collector stopped us.").With();
        _queue = registry.Gauge("minka_thread_pool_queue", "Work that waits for a thread.").With();
        var parts = version.Split('+', 2);
        registry.Gauge("minka_build_info", "1; its labels say what was built.", "version", "commit", "arch")
            .With(parts[0], parts.Length > 1 ? parts[1] : "", RuntimeInformation.ProcessArchitecture.ToString()).Set(1);
        using var self = Process.GetCurrentProcess();
        registry.Gauge("process_start_time_seconds", "When the process began, in seconds since 1970.").With()
            .Set((self.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds);
        registry.BeforeReading(Refresh);
    }

    private void Refresh()
    {
        using var self = Process.GetCurrentProcess();
        _cpu.Follow(self.TotalProcessorTime.TotalSeconds);
        _resident.Set(self.WorkingSet64);
        _threads.Set(self.Threads.Count);
        _files.Set(Directory.Exists("/proc/self/fd") ? Directory.GetFileSystemEntries("/proc/self/fd").Length : 0);
        _heap.Set(GC.GetGCMemoryInfo().HeapSizeBytes);
        _gcPause.Follow(GC.GetTotalPauseDuration().TotalSeconds);
        _queue.Set(ThreadPool.PendingWorkItemCount);
    }
}
