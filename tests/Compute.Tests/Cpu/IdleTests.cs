using System.Diagnostics;
using Minka.Compute.Cpu;

namespace Minka.Compute.Tests.Cpu;

/// <summary>Counts the processor time of the whole process, so no other test may run beside it.</summary>
[CollectionDefinition(nameof(IdleTests), DisableParallelization = true)]
[Collection(nameof(IdleTests))]
public class IdleTests
{
    [Fact]
    public void An_idle_team_uses_no_processor_time()
    {
        using var team = new ThreadTeam(4);
        var job = new NothingJob();
        team.Run(ref job);
        Pause(TimeSpan.FromMilliseconds(50));

        var before = Process.GetCurrentProcess().TotalProcessorTime;
        Pause(TimeSpan.FromMilliseconds(300));
        var used = Process.GetCurrentProcess().TotalProcessorTime - before;

        // Three members that spun would use 900 ms, or 600 on two cores.
        Assert.InRange(used, TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
    }

    private static void Pause(TimeSpan time)
    {
        using var never = new ManualResetEventSlim();
        never.Wait(time, TestContext.Current.CancellationToken);
    }

    private readonly struct NothingJob : ITeamJob
    {
        public void Run(int member, int size)
        {
        }
    }
}
