using System.Diagnostics;
using Minka.Compute.Cpu;

namespace Minka.Compute.Tests.Cpu;

/// <summary>Counts the processor time of the whole process, so no other test may run beside it.</summary>
[CollectionDefinition(nameof(IdleTests), DisableParallelization = true)]
[Collection(nameof(IdleTests))]
public class IdleTests
{
    private static readonly TimeSpan Allowed = TimeSpan.FromMilliseconds(60);

    [Fact]
    public void An_idle_team_uses_no_processor_time()
    {
        using var team = new ThreadTeam(4);
        var job = new NothingJob();
        team.Run(ref job);
        Pause(TimeSpan.FromMilliseconds(50));

        // The JIT still compiles hot methods in the background for a while, so the quietest of some windows counts.
        // Three members that spun would use 600 ms of each on two cores.
        var quietest = TimeSpan.MaxValue;
        for (var i = 0; i < 60 && quietest > Allowed; i++)
        {
            var before = Process.GetCurrentProcess().TotalProcessorTime;
            Pause(TimeSpan.FromMilliseconds(300));
            var used = Process.GetCurrentProcess().TotalProcessorTime - before;
            if (used < quietest) quietest = used;
        }
        Assert.InRange(quietest, TimeSpan.Zero, Allowed);
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
