using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Minka.Compute.Cpu;

/// <summary>A fixed number of threads that run one job at a time together; the caller is member 0.</summary>
/// <remarks>
/// Running a job allocates nothing and takes no lock while members are awake. An idle team sleeps. One
/// caller at a time.
/// </remarks>
public sealed unsafe class ThreadTeam : IDisposable
{
    /// <summary>Most members a team may have.</summary>
    public const int SizeMax = 1024;

    private const int Broken = -1;
    private const int StackBytes = 1 << 20;

    private readonly Thread[] _threads;
    private readonly WaitWord _started = new();     // counts jobs
    private readonly WaitWord _finished = new();    // a job whose last member the caller waits for
    private readonly WaitWord _phase = new();       // counts barriers of a job; Broken once a member failed
    private Counters _counters;
    private delegate*<void*, int, int, void> _run;
    private void* _job;
    private int _members;                           // that come to the running job's barriers
    private ExceptionDispatchInfo? _failure;
    private volatile bool _isDisposed;

    /// <summary>Starts the threads; they sleep until the first job.</summary>
    /// <param name="size">Members, the caller included.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// Less than one member, or more than <see cref="SizeMax"/>.
    /// </exception>
    public ThreadTeam(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, SizeMax);
        Size = size;
        _threads = new Thread[size - 1];
        for (var i = 0; i < _threads.Length; i++)
        {
            var member = i + 1;
            _threads[i] = new Thread(() => Serve(member), StackBytes)
            {
                IsBackground = true,
                Name = $"minka team {member}",
            };
            _threads[i].Start();
        }
    }

    /// <summary>Members, the caller included.</summary>
    public int Size { get; }

    /// <summary>Runs a job on every member and returns when all are done.</summary>
    /// <param name="job">Shared by all members; may hold spans.</param>
    /// <param name="isSmall">Less work than a dispatch (about 1 µs): the caller does it as a team of one.</param>
    /// <exception cref="InvalidOperationException">A job is already running on this team.</exception>
    /// <exception cref="ObjectDisposedException">The team was disposed.</exception>
    /// <remarks>The first exception of a member reaches the caller after every member has stopped.</remarks>
    public void Run<TJob>(ref TJob job, bool isSmall = false)
        where TJob : struct, ITeamJob, allows ref struct =>
        Run(ref job, isSmall ? 1 : Size, isByTicket: false);

    /// <summary>
    /// Runs a job whose members take all of its work by <see cref="TakeTicket"/>. Who has not begun when the caller
    /// finds no work left is not waited for, so that a member without a core slows nobody.
    /// </summary>
    /// <param name="job">Shared by all members; may hold spans. It cannot use <see cref="Barrier"/>.</param>
    /// <param name="isSmall">Less work than a dispatch (about 1 µs): the caller does it as a team of one.</param>
    /// <inheritdoc cref="Run{TJob}(ref TJob, bool)"/>
    public void RunByTicket<TJob>(ref TJob job, bool isSmall = false)
        where TJob : struct, ITeamJob, allows ref struct =>
        Run(ref job, isSmall ? 1 : Size, isByTicket: true);

    /// <summary>Inside a job: waits until every member has come here. All must call it equally often.</summary>
    /// <exception cref="InvalidOperationException">The job runs by ticket: not every member takes part.</exception>
    public void Barrier()
    {
        if (_members == 1) return;
        if (_members == 0)
            throw new InvalidOperationException("A job that runs by ticket cannot wait for all members.");

        var phase = _phase.Value;
        if (phase != Broken)
        {
            if (Interlocked.Increment(ref _counters.Arrived) == _members)
            {
                Volatile.Write(ref _counters.Arrived, 0);
                _phase.Set(phase == int.MaxValue ? 0 : phase + 1);   // never wraps into Broken
                return;
            }
            phase = _phase.WaitWhile(phase);
        }
        if (phase == Broken) throw new MemberFailedException();
    }

    /// <summary>
    /// Inside a job: the next number, from 0 in each job. Members that take their work by ticket share it evenly
    /// even when one of them loses its core.
    /// </summary>
    public int TakeTicket() => Interlocked.Increment(ref _counters.Ticket) - 1;

    /// <summary>
    /// The contiguous part of <c>[0, count)</c> that belongs to a member; parts differ by at most one.
    /// </summary>
    public static (int Start, int End) Share(int count, int member, int size) =>
        ((int)((long)count * member / size), (int)((long)count * (member + 1) / size));

    /// <summary>Ends the threads. Not while a job runs.</summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _started.Set(_started.Value + 1);
        foreach (var thread in _threads) thread.Join();
    }

    private void Run<TJob>(ref TJob job, int size, bool isByTicket)
        where TJob : struct, ITeamJob, allows ref struct
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (Interlocked.Exchange(ref _counters.Running, 1) != 0)
            throw new InvalidOperationException("This team already runs a job; a job cannot start another on it.");
        try
        {
            _members = size == 1 || !isByTicket ? size : 0;
            Volatile.Write(ref _counters.Ticket, 0);
            if (size == 1)
            {
                job.Run(0, 1);
                return;
            }

            // Pinned, because a job in a field of an object could move while members use its address.
            fixed (byte* address = &Unsafe.As<TJob, byte>(ref job)) RunTogether(&Enter<TJob>, address, isByTicket);
        }
        finally
        {
            Volatile.Write(ref _counters.Running, 0);
        }
    }

    private void RunTogether(delegate*<void*, int, int, void> run, void* job, bool isByTicket)
    {
        _run = run;
        _job = job;
        _counters.Arrived = 0;
        if (_phase.Value == Broken) _phase.Set(0);
        var epoch = unchecked(_started.Value + 1);
        Volatile.Write(ref _counters.Roll, Roll.Of(epoch, _threads.Length, isByTicket));
        _started.Set(epoch);

        RunMember(0);

        if (Roll.Count(Interlocked.Or(ref _counters.Roll, Roll.Closed)) > 0)
            for (int last; (last = _finished.Value) != epoch;) _finished.WaitWhile(last);
        if (_failure is null) return;
        var failure = _failure;
        _failure = null;
        failure.Throw();
    }

    private void Serve(int member)
    {
        var epoch = 0;
        while (true)
        {
            epoch = _started.WaitWhile(epoch);
            if (_isDisposed) return;
            if (!TryJoin(epoch)) continue;
            RunMember(member);
            var roll = Interlocked.Decrement(ref _counters.Roll);
            if (Roll.IsClosed(roll) && Roll.Count(roll) == 0) _finished.Set(epoch);
        }
    }

    // A member that comes late may find the job closed, or the next one begun.
    private bool TryJoin(int epoch)
    {
        var roll = Volatile.Read(ref _counters.Roll);
        while (Roll.IsOf(roll, epoch))
        {
            if (!Roll.IsByTicket(roll)) return true;
            if (Roll.IsClosed(roll)) return false;
            var before = Interlocked.CompareExchange(ref _counters.Roll, roll + 1, roll);
            if (before == roll) return true;
            roll = before;
        }
        return false;
    }

    private void RunMember(int member)
    {
        try
        {
            _run(_job, member, Size);
        }
        catch (MemberFailedException)
        {
            // Another member failed first, and its exception is kept.
        }
#pragma warning disable CA1031 // Whatever a member throws travels to the caller; nothing may end a team thread.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
            _phase.Set(Broken);
        }
    }

    private static void Enter<TJob>(void* job, int member, int size)
        where TJob : struct, ITeamJob, allows ref struct =>
        Unsafe.AsRef<TJob>(job).Run(member, size);

    /// <summary>Ends a member's job at a barrier that can no longer be reached by all.</summary>
#pragma warning disable CA1064, CA1032 // Never leaves this class.
    private sealed class MemberFailedException : Exception;
#pragma warning restore CA1064, CA1032

    /// <summary>Counters that members write, each on cache lines of its own.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 640)]
    private struct Counters
    {
        [FieldOffset(128)] public int Arrived;
        [FieldOffset(256)] public long Roll;
        [FieldOffset(384)] public int Ticket;
        [FieldOffset(512)] public int Running;
    }
}
