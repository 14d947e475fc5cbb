using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Minka.Compute.Cpu;

/// <summary>
/// A number that threads wait on: they spin for a tenth of a millisecond, then sleep until it changes.
/// </summary>
/// <remarks>
/// Spinning answers within a cache miss while a step runs; sleeping leaves the core to others when a member was
/// preempted or the team is idle. Setting takes no lock unless somebody sleeps.
/// </remarks>
internal sealed class WaitWord
{
    /// <summary>Longest spin before sleeping: twice what waking a sleeper takes, and longer than most pauses of an
    /// engine between two steps.</summary>
    private static readonly long SpinTicksMax = Stopwatch.Frequency * 100 / 1_000_000;

    /// <summary>Shortest time between two moves, which cost some microseconds each: where there are more threads than
    /// processors, no seat is better than another.</summary>
    private static readonly long MoveTicksMin = Stopwatch.Frequency / 1_000;

    private readonly object _gate = new();
    private Alone _value, _hasSleepers;
    private int _wakersCpu = CpuSeat.Unknown;
    private long _lastMove;

    /// <summary>The number now.</summary>
    public int Value => Volatile.Read(ref _value.Number);

    /// <summary>Changes the number and lets everyone who waits on it go.</summary>
    public void Set(int value)
    {
        // The exchange is a full fence: a sleeper told of before it is seen below, one told of after sees the value.
        Interlocked.Exchange(ref _value.Number, value);
        if (Volatile.Read(ref _hasSleepers.Number) != 0) Wake();
    }

    /// <summary>Waits while the number is <paramref name="seen"/>; returns what it became.</summary>
    public int WaitWhile(int seen)
    {
        var value = Value;
        if (value != seen) return value;

        var start = Stopwatch.GetTimestamp();
        do
        {
            for (var i = 0; i < 16; i++)
            {
                Pause();
                if ((value = Value) != seen) return value;
            }
        }
        while (Stopwatch.GetTimestamp() - start < SpinTicksMax);
        return Sleep(seen);
    }

    private int Sleep(int seen)
    {
        int value;
        var shared = CpuSeat.Unknown;
        lock (_gate)
        {
            while (true)
            {
                Interlocked.Exchange(ref _hasSleepers.Number, 1);
                value = Value;
                if (value != seen) break;
                Monitor.Wait(_gate);
                shared = FindShared();
            }
        }
        if (shared != CpuSeat.Unknown) CpuSeat.Leave(shared);
        return value;
    }

    // Who was woken works beside who woke it, and on one processor that cannot be.
    private int FindShared()
    {
        if (_wakersCpu == CpuSeat.Unknown || _wakersCpu != CpuSeat.Current) return CpuSeat.Unknown;
        var now = Stopwatch.GetTimestamp();
        if (now - _lastMove < MoveTicksMin) return CpuSeat.Unknown;
        _lastMove = now;
        return _wakersCpu;
    }

    // Sleepers that were woken once and still wait for a core are not woken again.
    private void Wake()
    {
        lock (_gate)
        {
            Volatile.Write(ref _hasSleepers.Number, 0);
            _wakersCpu = CpuSeat.Current;
            Monitor.PulseAll(_gate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pause()
    {
        if (X86Base.IsSupported) X86Base.Pause();
        else Thread.SpinWait(1);
    }

    /// <summary>A number with cache lines of its own (128 bytes are the longest lines and prefetch pairs).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Alone
    {
        [FieldOffset(128)] public int Number;
    }
}
