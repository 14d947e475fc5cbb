using Minka.Compute.Cpu;

namespace Minka.Compute.Tests.Cpu;

public sealed class CpuCoresTests
{
    [Fact]
    public void Each_core_is_a_device_of_one_thread()
    {
        using var backend = new CpuBackend(new() { Threads = 3 });

        var cores = backend.Cores(1 << 20);

        Assert.Equal([1, 1, 1], cores.Select(core => ((CpuBackend)core).Threads));
        Assert.Same(cores[2], backend.Cores(2 << 20)[2]);
    }

    [Fact]
    public void A_single_core_is_not_worth_telling_apart_nor_are_weights_that_no_cache_is_near_to_holding()
    {
        using var one = new CpuBackend(new() { Threads = 1 });
        using var two = new CpuBackend(new() { Threads = 2 });

        Assert.Empty(one.Cores(1 << 20));
        Assert.Empty(two.Cores(1L << 50));
    }

    [Fact]
    public void Cores_work_at_the_same_time_on_what_the_device_allocated()
    {
        using var backend = new CpuBackend(new() { Threads = 2 });
        using var row = backend.Allocate(1, 64);
        using var sums = backend.Allocate(2, 64);
        backend.Host(row.All).Fill(3);
        using var both = new Barrier(2);

        backend.OnCores(new AddJob(backend.Cores(0), row.All, sums.All, both));

        Assert.Equal(Enumerable.Repeat(3f, 128), backend.Host(sums.All).ToArray());
    }

    [Fact]
    public void What_fails_on_a_core_reaches_the_caller_and_the_next_job_runs()
    {
        using var backend = new CpuBackend(new() { Threads = 2 });
        var done = new int[2];

        var failure = Assert.Throws<InvalidDataException>(() => backend.OnCores(new MarkJob(done, failing: 1)));
        backend.OnCores(new MarkJob(done, failing: -1));

        Assert.Equal("core 1", failure.Message);
        Assert.Equal([2, 1], done);
    }

    private readonly struct AddJob(IReadOnlyList<IBackend> cores, Tensor row, Tensor sums, Barrier both) : ICoreJob
    {
        public void Run(int core)
        {
            // Neither gets past this before the other has come.
            both.SignalAndWait(TestContext.Current.CancellationToken);
            var mine = cores[core].Allocate(1, row.Columns);
            cores[core].Add(mine.All, row);
            cores[core].Host(mine.All).CopyTo(cores[core].Host(sums).Slice(core * row.Columns, row.Columns));
            mine.Dispose();
        }
    }

    private readonly struct MarkJob(int[] done, int failing) : ICoreJob
    {
        public void Run(int core)
        {
            if (core == failing) throw new InvalidDataException($"core {core}");
            done[core]++;
        }
    }
}
