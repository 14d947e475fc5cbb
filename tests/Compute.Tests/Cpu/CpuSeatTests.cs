using Minka.Compute.Cpu;

namespace Minka.Compute.Tests.Cpu;

public sealed class CpuSeatTests
{
    [Fact]
    public void A_thread_that_leaves_its_processor_goes_to_another_one()
    {
        RequireProcessors(2);

        var before = CpuSeat.Current;
        var after = CpuSeat.Leave(before);

        Assert.Contains(before, Allowed());
        Assert.Contains(after, Allowed().Except([before]));
    }

    [Fact]
    public void After_leaving_a_thread_may_go_everywhere_as_before()
    {
        RequireProcessors(1);
        var before = Allowed();

        CpuSeat.Leave(CpuSeat.Current);

        Assert.Equal(before, Allowed());
    }

    [Theory]
    [InlineData(CpuSeat.Unknown)]
    [InlineData(1024)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    public void A_processor_that_cannot_be_is_not_left(int cpu) => Assert.Equal(CpuSeat.Unknown, CpuSeat.Leave(cpu));

    private static void RequireProcessors(int count)
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("Threads are moved on Linux only.");
        if (Allowed().Length < count) Assert.Skip($"This process may use fewer than {count} processors.");
    }

    /// <summary>Processors that the system lets the calling thread use.</summary>
    private static int[] Allowed() =>
    [
        .. LinuxCpu.Numbers(File.ReadLines("/proc/thread-self/status")
            .Single(line => line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal)).Split(':')[1]),
    ];
}
