namespace Minka.Compute.Cpu;

/// <summary>Computes on the cores of this machine.</summary>
public sealed unsafe partial class CpuBackend : IBackend
{
    private readonly CpuOptions _options;
    private readonly ThreadTeam _team;
    private readonly NativeArena _arena = new();
    private readonly long _cacheBytes;

    /// <summary>Starts the threads.</summary>
    /// <param name="options">How many, and how exact.</param>
    /// <exception cref="ArgumentOutOfRangeException">Fewer threads than none, or more than a team has.</exception>
    public CpuBackend(CpuOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var info = CpuInfo.Read();
        _options = options;
        _cacheBytes = info.LastLevelCacheBytes;
        _team = new ThreadTeam(ThreadsOf(options, info));
        Description = $"{info.Model}, {info.Tier}, {_team.Size} thread{(_team.Size == 1 ? "" : "s")}";
    }

    /// <inheritdoc/>
    public string Description { get; }

    /// <summary>Threads that compute, the caller included.</summary>
    public int Threads => _team.Size;

    private static int ThreadsOf(CpuOptions options, CpuInfo info) =>
        options.Threads == 0 ? info.DefaultThreads : options.Threads;

    /// <inheritdoc/>
    public TensorStorage Allocate(int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        return new CpuStorage(rows, columns);
    }

    /// <inheritdoc/>
    public KvLayer AllocateKv(KvShape shape)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(shape.Blocks);
        ArgumentOutOfRangeException.ThrowIfLessThan(shape.KvHeads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(shape.HeadDim, 1);
        return new CpuKvLayer(shape, _arena);
    }

    /// <inheritdoc/>
    public Span<float> Host(Tensor tensor)
    {
        if (tensor.Rows == 0) return [];
        var rows = CpuStorage.RowsOf(tensor);
        return new(rows[0], checked((tensor.Rows - 1) * tensor.Storage.Columns + tensor.Columns));
    }

    /// <summary>Managed bytes that each member has allocated since it started: a step must add none.</summary>
    internal long[] AllocatedBytes()
    {
        var bytes = new long[_team.Size];
        var job = new AllocationJob(bytes);
        _team.Run(ref job);
        return bytes;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _team.Dispose();
        foreach (var core in _cores) core.Dispose();
        _matMulScratch.Dispose();
        _attentionScratch?.Dispose();
        _attentionParts?.Dispose();
    }

    private static void Check(bool holds, string operation, string needed)
    {
        if (!holds) throw new ArgumentException($"{operation} got other shapes; it needs {needed}.");
    }

    private readonly struct AllocationJob(long[] bytes) : ITeamJob
    {
        public void Run(int member, int size) => bytes[member] = GC.GetAllocatedBytesForCurrentThread();
    }
}
