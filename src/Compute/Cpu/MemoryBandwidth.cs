using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Minka.Compute.Cpu;

/// <summary>How fast this machine reads memory: what bounds decoding.</summary>
public static class MemoryBandwidth
{
    private const int Passes = 5;
    private const long BufferBytesMax = 1L << 30;

    /// <summary>
    /// Reads a buffer of four times the last-level cache, each thread its contiguous part in ascending order as the
    /// kernels do, and returns bytes per second of the fastest of five passes. Takes a fraction of a second.
    /// </summary>
    /// <param name="threads">Threads that read together.</param>
    public static double Measure(int threads)
    {
        using var team = new ThreadTeam(threads);
        return Measure(team);
    }

    /// <summary>The same with a team that is there already.</summary>
    /// <param name="team">Reads.</param>
    public static unsafe double Measure(ThreadTeam team)
    {
        ArgumentNullException.ThrowIfNull(team);
        var info = CpuInfo.Read();
        var bytes = Math.Min(4 * info.LastLevelCacheBytes, Math.Min(BufferBytesMax, info.AvailableMemoryBytes / 4));
        bytes = Math.Max(bytes, 1 << 20) / 4096 * 4096;
        using var buffer = new NativeBuffer(bytes);
        new Span<byte>(buffer.Data, (int)bytes).Fill(1);     // untouched pages would all be one page of zeros

        var job = new ReadJob(buffer.Data, bytes);
        team.Run(ref job);
        var best = 0.0;
        for (var pass = 0; pass < Passes; pass++)
        {
            var start = Stopwatch.GetTimestamp();
            team.Run(ref job);
            best = Math.Max(best, bytes / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }

    private unsafe struct ReadJob(byte* data, long bytes) : ITeamJob
    {
        private const int Step = 256;
        private int _sink;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(int member, int size)
        {
            var (first, last) = ThreadTeam.Share((int)(bytes / Step), member, size);
            Vector512<byte> a = default, b = default, c = default, d = default;
            for (var p = data + (long)first * Step; p < data + (long)last * Step; p += Step)
            {
                a |= Vector512.Load(p);
                b |= Vector512.Load(p + 64);
                c |= Vector512.Load(p + 128);
                d |= Vector512.Load(p + 192);
            }
            _sink = (a | b | c | d).GetElement(0);     // the loads must have a use
        }
    }
}
