using System.Diagnostics;
using System.Runtime;

namespace Minka.Bench;

/// <summary>When the compiler of the platform is done with what a bench runs: it improves code while that runs, on a
/// thread that takes a core from it for seconds.</summary>
internal sealed class CompilerWork
{
    /// <summary>Longest wait: something new may always be compiled.</summary>
    private const double SecondsMax = 20;

    /// <summary>How long the compiler must have had little to do.</summary>
    private const double QuietSeconds = 1;

    /// <summary>Part of that time it may have compiled.</summary>
    private const double ShareMax = 0.02;

    private readonly long _start = Stopwatch.GetTimestamp();
    private long _looked = Stopwatch.GetTimestamp();
    private TimeSpan _compiled = JitInfo.GetCompilationTime();

    /// <summary>To be asked again and again while that runs; once true, always true.</summary>
    public bool IsDone
    {
        get
        {
            if (field) return true;
            var seconds = Stopwatch.GetElapsedTime(_looked).TotalSeconds;
            if (seconds < QuietSeconds) return false;

            var compiled = JitInfo.GetCompilationTime();
            var share = (compiled - _compiled).TotalSeconds / seconds;
            (_looked, _compiled) = (Stopwatch.GetTimestamp(), compiled);
            return field = share < ShareMax || Stopwatch.GetElapsedTime(_start).TotalSeconds > SecondsMax;
        }
    }
}
