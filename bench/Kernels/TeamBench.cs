using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Minka.Compute.Cpu;

namespace Minka.Bench.Kernels;

/// <summary>
/// What a step pays for its threads: a dispatch, a barrier, waking up, and what is left of the speed when another
/// process takes part of a core. A token of a small model has some hundred dispatches.
/// </summary>
internal static class TeamBench
{
    private const int Rounds = 200;

    public static int Run(string[] args)
    {
        var options = new BenchOptions(args);
        Console.WriteLine("| threads | dispatch ns | barrier ns | dispatch to sleepers us |");
        Console.WriteLine("| --: | --: | --: | --: |");
        foreach (var threads in options.Numbers("--threads", "1,2"))
        {
            using var team = new ThreadTeam(threads);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {threads} | {Dispatch(team):F0} | {Barrier(team):F0} | {Wake(team) / 1e3:F1} |"));
        }
        if (options.Text("--busy", "no") == "yes") PrintBusy(options.Numbers("--threads", "2")[^1]);
        return 0;
    }

    private static double Dispatch(ThreadTeam team)
    {
        const int Times = 200;
        return Fastest(() =>
        {
            var job = new EmptyJob();
            for (var i = 0; i < Times; i++) team.Run(ref job);
        }) / Times;
    }

    private static double Barrier(ThreadTeam team)
    {
        const int Times = 500;
        return Fastest(() =>
        {
            var job = new BarrierJob(team, Times);
            team.Run(ref job);
        }) / Times;
    }

    // The median: sleeping and waking are what they are, not disturbances.
    private static double Wake(ThreadTeam team)
    {
        using var never = new ManualResetEventSlim();
        var times = new double[50];
        for (var i = 0; i < times.Length; i++)
        {
            never.Wait(TimeSpan.FromMilliseconds(2));
            var job = new EmptyJob();
            var start = Stopwatch.GetTimestamp();
            team.Run(ref job);
            times[i] = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        }
        return times.Order().ElementAt(times.Length / 2);
    }

    private static double Fastest(Action action)
    {
        var best = double.MaxValue;
        for (var i = 0; i < Rounds; i++)
        {
            var start = Stopwatch.GetTimestamp();
            action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds);
        }
        return best;
    }

    /// <summary>Steps per second with and without a busy loop pinned to the last core, in turns.</summary>
    private static void PrintBusy(int threads)
    {
        using var team = new ThreadTeam(threads);
        Console.WriteLine();
        Console.WriteLine("| work is taken by | quiet steps/s | beside a busy loop | ratio | longest step ms |");
        Console.WriteLine("| --- | --: | --: | --: | --: |");
        foreach (var isShared in (bool[])[true, false])
        {
            double quiet = 0, busy = 0, longest = 0;
            for (var turn = 0; turn < 4; turn++)
            {
                quiet += StepsPerSecond(team, isShared, out _) / 4;
                using var loop = new BusyLoop(threads - 1);
                busy += StepsPerSecond(team, isShared, out var worst) / 4;
                longest = Math.Max(longest, worst);
            }
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {(isShared ? "equal shares" : "tickets")} | {quiet:F0} | {busy:F0} | {busy / quiet:F2} "
                + $"| {longest:F1} |"));
        }
    }

    // A step of about a millisecond in 50 dispatches, as a small model's.
    private static double StepsPerSecond(ThreadTeam team, bool isShared, out double longestMs)
    {
        var time = TimeSpan.FromSeconds(0.5);
        var start = Stopwatch.GetTimestamp();
        var steps = 0;
        longestMs = 0;
        while (Stopwatch.GetElapsedTime(start) < time)
        {
            var stepStart = Stopwatch.GetTimestamp();
            for (var i = 0; i < 50; i++)
            {
                var job = new WorkJob(team, isShared);
                if (isShared) team.Run(ref job);
                else team.RunByTicket(ref job);
            }
            longestMs = Math.Max(longestMs, Stopwatch.GetElapsedTime(stepStart).TotalMilliseconds);
            steps++;
        }
        return steps / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private readonly struct EmptyJob : ITeamJob
    {
        public void Run(int member, int size)
        {
        }
    }

    private readonly struct BarrierJob(ThreadTeam team, int times) : ITeamJob
    {
        public void Run(int member, int size)
        {
            for (var i = 0; i < times; i++) team.Barrier();
        }
    }

    private struct WorkJob(ThreadTeam team, bool isShared) : ITeamJob
    {
        private const int Pieces = 16;
        private float _sink;

        public void Run(int member, int size)
        {
            if (isShared)
            {
                var (start, end) = ThreadTeam.Share(Pieces, member, size);
                for (var i = start; i < end; i++) _sink = Piece();
                return;
            }
            while (team.TakeTicket() < Pieces) _sink = Piece();
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static float Piece()
        {
            var sum = Vector128<float>.Zero;
            for (var i = 0; i < 1200; i++) sum = Vector128.Create(0.5f) * sum + Vector128<float>.One;
            return Vector128.Sum(sum);
        }
    }
}
