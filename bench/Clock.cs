using System.Diagnostics;

namespace Minka.Bench;

/// <summary>What is measured: time passed, or processor time, which a busy machine disturbs less.</summary>
internal enum Clock
{
    Wall,
    Cpu,
}

/// <summary>Seconds of either clock.</summary>
internal static class Clocks
{
    /// <summary>Seconds so far; processor time is that of all threads of this process together.</summary>
    public static double Now(this Clock clock) => clock == Clock.Cpu
        ? Environment.CpuUsage.TotalTime.TotalSeconds
        : (double)Stopwatch.GetTimestamp() / Stopwatch.Frequency;
}
