namespace Minka.Compute.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <summary>Most cores that are worth it; a step rarely has several sequences for each of more.</summary>
    private const int CoresMax = 16;

    /// <summary>From so many times the last cache on, reading is sure to take more than waiting.</summary>
    private const int CacheTimesMax = 4;

    private CpuBackend[] _cores = [];

    /// <summary>How many <see cref="Cores"/> there will be.</summary>
    /// <param name="options">How a backend is made.</param>
    /// <param name="weightBytes">Weights that each of them reads in a step.</param>
    public static int CoresOf(CpuOptions options, long weightBytes)
    {
        ArgumentNullException.ThrowIfNull(options);
        var info = CpuInfo.Read();
        return CoresOf(ThreadsOf(options, info), weightBytes, info.LastLevelCacheBytes);
    }

    private static int CoresOf(int threads, long weightBytes, long cacheBytes) =>
        threads is 1 or > CoresMax || weightBytes / CacheTimesMax > cacheBytes ? 0 : threads;

    /// <inheritdoc/>
    public IReadOnlyList<IBackend> Cores(long weightBytes)
    {
        if (CoresOf(_team.Size, weightBytes, _cacheBytes) == 0) return [];
        if (_cores.Length == 0)
        {
            var alone = _options with { Threads = 1 };
            _cores = [.. Enumerable.Range(0, _team.Size).Select(_ => new CpuBackend(alone))];
        }
        return _cores;
    }

    /// <inheritdoc/>
    public void OnCores<TJob>(TJob job)
        where TJob : struct, ICoreJob, allows ref struct
    {
        var shared = new CoreJob<TJob>(job);
        _team.RunByTicket(ref shared);
    }

    // A core that has not begun when another is done, because something else runs on it, is not waited for.
    private ref struct CoreJob<TJob>(TJob job) : ITeamJob
        where TJob : struct, ICoreJob, allows ref struct
    {
        private readonly TJob _job = job;
        private PartsTaken _taken;

        public void Run(int member, int size)
        {
            while (_taken.TryTake(member, size, out var core)) _job.Run(core);
        }
    }
}
