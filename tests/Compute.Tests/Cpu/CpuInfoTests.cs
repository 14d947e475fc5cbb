using Minka.Compute.Cpu;

namespace Minka.Compute.Tests.Cpu;

public sealed class CpuInfoTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("minka-cpu-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void This_machine_is_described_with_numbers_that_make_sense()
    {
        var info = CpuInfo.Read();

        Assert.NotEmpty(info.Model);
        Assert.NotEmpty(info.TierReason);
        Assert.InRange(info.LogicalCores, 1, 4096);
        Assert.InRange(info.PhysicalCores, 1, 4096);
        Assert.InRange(info.DefaultThreads, 1, info.PhysicalCores);
        Assert.InRange(info.TotalMemoryBytes, 64L << 20, 1L << 50);
        Assert.InRange(info.AvailableMemoryBytes, 1, info.TotalMemoryBytes);
        Assert.InRange(info.LastLevelCacheBytes, 64 << 10, 8L << 30);
    }

    [Fact]
    public void An_empty_system_is_estimated_and_never_fails()
    {
        var info = CpuInfo.Read(_root);

        Assert.NotEmpty(info.Model);
        Assert.Equal(Environment.ProcessorCount, info.PhysicalCores);
        Assert.Null(info.QuotaCores);
        Assert.Null(info.MemoryLimitBytes);
        Assert.True(info.AvailableMemoryBytes > 0);
        Assert.Equal(32L << 20, info.LastLevelCacheBytes);
    }

    [Fact]
    public void Hyper_threads_of_a_core_count_once_and_cores_outside_the_mask_do_not_count()
    {
        Write("proc/cpuinfo", "processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\n");
        Write("proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-3,5\n");
        for (var cpu = 0; cpu < 8; cpu++)
            Write($"sys/devices/system/cpu/cpu{cpu}/topology/core_cpus_list", $"{cpu / 2 * 2}-{cpu / 2 * 2 + 1}");

        var info = CpuInfo.Read(_root);

        Assert.Equal("Some CPU @ 3 GHz", info.Model);
        Assert.Equal(3, info.PhysicalCores);     // {0, 1}, {2, 3} and {4, 5}
        Assert.Equal(3, info.DefaultThreads);
    }

    [Theory]
    [InlineData("0x41", "0xd08", "Raspberry Pi 4 Model B Rev 1.4\0", "Raspberry Pi 4 Model B Rev 1.4 (Cortex-A72)")]
    [InlineData("0x41", "0xd08,0xd08,0xd03,0xd03", "A board", "A board (Cortex-A72 + Cortex-A53)")]
    [InlineData("0x41", "0xd0c", "", "Neoverse N1")]
    [InlineData("0x41", "0xfff", "A board", "A board")]
    [InlineData("0x48", "0xd08", "A board", "A board")]
    public void An_Arm_machine_is_called_by_its_board_and_its_cores(
        string implementer, string parts, string board, string model)
    {
        Write("proc/cpuinfo", string.Concat(parts.Split(',').Select(part =>
            $"processor\t: 0\nCPU implementer\t: {implementer}\nCPU part\t: {part}\nCPU revision\t: 3\n\n")));
        if (board.Length > 0) Write("proc/device-tree/model", board);

        Assert.Equal(model, CpuInfo.Read(_root).Model);
    }

    [Theory]
    [InlineData("200000 100000", 2.0, 2), InlineData("250000 100000", 2.5, 2), InlineData("50000 100000", 0.5, 1)]
    public void A_version_2_quota_bounds_the_default_threads(string quota, double cores, int threads)
    {
        FourCores();
        Write("proc/self/cgroup", "0::/pod/box\n");
        Write("sys/fs/cgroup/pod/box/cpu.max", quota + "\n");

        var info = CpuInfo.Read(_root);

        Assert.Equal(cores, info.QuotaCores);
        Assert.Equal(threads, info.DefaultThreads);
    }

    [Fact]
    public void The_tightest_limit_of_a_group_and_its_parents_counts()
    {
        FourCores();
        Write("proc/self/cgroup", "0::/pod/box\n");
        Write("sys/fs/cgroup/cpu.max", "max 100000\n");
        Write("sys/fs/cgroup/pod/cpu.max", "100000 100000\n");
        Write("sys/fs/cgroup/pod/box/cpu.max", "300000 100000\n");
        Write("sys/fs/cgroup/pod/memory.max", "1000000\n");
        Write("sys/fs/cgroup/pod/memory.current", "700000\n");
        Write("sys/fs/cgroup/pod/memory.stat", "anon 1\ninactive_file 200000\n");
        Write("sys/fs/cgroup/pod/box/memory.max", "max\n");
        Write("proc/meminfo", "MemTotal:       16000 kB\nMemAvailable:    8000 kB\n");

        var info = CpuInfo.Read(_root);

        Assert.Equal(1.0, info.QuotaCores);
        Assert.Equal(1_000_000, info.MemoryLimitBytes);
        Assert.Equal(500_000, info.AvailableMemoryBytes);
        Assert.Equal(16_000L << 10, info.TotalMemoryBytes);
    }

    [Fact]
    public void Version_1_limits_are_found_when_the_group_is_mounted_as_the_root()
    {
        FourCores();
        Write("proc/self/cgroup", "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n2:name=systemd:/\n");
        Write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n");
        Write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
        Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");

        var info = CpuInfo.Read(_root);

        Assert.Equal(3.0, info.QuotaCores);
        Assert.Null(info.MemoryLimitBytes);
    }

    [Fact]
    public void Caches_are_read_by_level_without_the_one_for_code()
    {
        foreach (var (index, level, type, size) in ((int, int, string, string)[])
            [(0, 1, "Data", "48K"), (1, 1, "Instruction", "32K"), (2, 2, "Unified", "2048K"), (3, 3, "Unified", "36M")])
        {
            Write($"sys/devices/system/cpu/cpu0/cache/index{index}/level", $"{level}\n");
            Write($"sys/devices/system/cpu/cpu0/cache/index{index}/type", $"{type}\n");
            Write($"sys/devices/system/cpu/cpu0/cache/index{index}/size", $"{size}\n");
        }

        var info = CpuInfo.Read(_root);

        Assert.Equal(48 << 10, info.Level1CacheBytes);
        Assert.Equal(2 << 20, info.Level2CacheBytes);
        Assert.Equal(36 << 20, info.LastLevelCacheBytes);
    }

    [Theory]
    [InlineData("proc/self/cgroup", "::::\n0::\n0\nx:cpu\n-1:../../..:/../..\n")]
    [InlineData("proc/self/status", "Cpus_allowed_list:\t0-99999999999,-,5-1,a,0-2147483647\n")]
    [InlineData("proc/meminfo", "MemTotal: 99999999999999999999 kB\nMemAvailable:\n")]
    public void Nonsense_in_a_system_file_is_ignored(string path, string text)
    {
        Write(path, text);

        var info = CpuInfo.Read(_root);

        Assert.InRange(info.PhysicalCores, 1, 4096);
        Assert.True(info.TotalMemoryBytes > 0);
    }

    [Fact]
    public void Memory_is_read_at_a_rate_that_memory_has() =>
        Assert.InRange(MemoryBandwidth.Measure(1), 0.2e9, 2000e9);

    private void FourCores()
    {
        Write("proc/self/status", "Cpus_allowed_list:\t0-3\n");
        for (var cpu = 0; cpu < 4; cpu++) Write($"sys/devices/system/cpu/cpu{cpu}/topology/core_cpus_list", $"{cpu}");
    }

    private void Write(string path, string text)
    {
        var full = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }
}
