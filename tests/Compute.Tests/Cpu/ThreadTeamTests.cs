using Minka.Compute.Cpu;

namespace Minka.Compute.Tests.Cpu;

public class ThreadTeamTests
{
    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(8)]
    public void Every_member_runs_each_job_once(int size)
    {
        using var team = new ThreadTeam(size);
        var calls = new int[size];

        for (var i = 0; i < 1000; i++)
        {
            var job = new CountJob(calls);
            team.Run(ref job);
        }

        Assert.All(calls, count => Assert.Equal(1000, count));
    }

    [Fact]
    public void The_caller_is_member_zero_and_the_others_are_not()
    {
        using var team = new ThreadTeam(3);
        var job = new ThreadIdJob(new int[3]);

        team.Run(ref job);

        Assert.Equal(Environment.CurrentManagedThreadId, job.Ids[0]);
        Assert.Equal(3, job.Ids.Distinct().Count());
    }

    [Theory, InlineData(2), InlineData(5)]
    public void No_member_passes_a_barrier_before_all_have_reached_it(int size)
    {
        using var team = new ThreadTeam(size);
        var job = new BarrierJob(team, new int[size], 2000);

        team.Run(ref job);

        Assert.Equal(0, job.Early);
    }

    [Fact]
    public void Sleeping_members_wake_for_the_next_job_and_the_next_barrier()
    {
        using var team = new ThreadTeam(3);
        var job = new SlowMemberJob(team);

        for (var i = 0; i < 20; i++)
        {
            job.Slow = i % 3;
            team.Run(ref job);
            Pause(TimeSpan.FromMilliseconds(2));
        }

        Assert.Equal(60, job.Passed);
    }

    [Theory, InlineData(0), InlineData(1), InlineData(3)]
    public void An_exception_of_a_member_reaches_the_caller_and_frees_those_at_the_barrier(int failing)
    {
        using var team = new ThreadTeam(4);
        var failingJob = new FailingJob(team, failing);

        for (var i = 0; i < 50; i++)
        {
            var error = Assert.Throws<InvalidDataException>(() => RunFailing(team, failingJob));
            Assert.Equal($"member {failing}", error.Message);
        }

        var calls = new int[4];
        var job = new CountJob(calls);
        team.Run(ref job);
        Assert.Equal([1, 1, 1, 1], calls);
    }

    [Fact]
    public void A_job_that_starts_another_on_the_same_team_is_told_so()
    {
        using var team = new ThreadTeam(2);

        Assert.Throws<InvalidOperationException>(() =>
        {
            var job = new NestedJob(team);
            team.Run(ref job);
        });
    }

    [Fact]
    public void A_job_may_hold_spans()
    {
        using var team = new ThreadTeam(4);
        Span<int> squares = stackalloc int[100];

        var job = new SquareJob(squares);
        team.Run(ref job);

        for (var i = 0; i < squares.Length; i++) Assert.Equal(i * i, squares[i]);
    }

    [Theory, InlineData(1), InlineData(4)]
    public void Tickets_are_handed_out_once_each_and_start_again_with_every_job(int size)
    {
        using var team = new ThreadTeam(size);

        for (var run = 0; run < 100; run++)
        {
            var job = new TicketJob(team, new int[500]);
            team.Run(ref job);
            Assert.All(job.Taken, count => Assert.Equal(1, count));
        }
    }

    [Theory, InlineData(1), InlineData(2), InlineData(5)]
    public void A_job_by_ticket_is_complete_whoever_takes_part(int size)
    {
        using var team = new ThreadTeam(size);

        for (var run = 0; run < 3000; run++)
        {
            var job = new TicketJob(team, new int[run % 40]);
            team.RunByTicket(ref job, isSmall: run % 7 == 0);
            Assert.All(job.Taken, count => Assert.Equal(1, count));
            if (run % 10 != 0) continue;

            var calls = new int[size];
            var all = new CountJob(calls);
            team.Run(ref all);
            Assert.All(calls, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void A_job_by_ticket_does_not_wait_for_members_that_have_not_begun()
    {
        using var team = new ThreadTeam(16);
        var job = new MemberCountJob();

        for (var i = 0; i < 50; i++)
        {
            team.RunByTicket(ref job);
            Pause(TimeSpan.FromMilliseconds(1));     // everyone sleeps again
        }

        Assert.Equal(50, job.Callers);
        Assert.InRange(job.Others, 0, 15 * 50 - 1);
    }

    [Theory, InlineData(0), InlineData(1)]
    public void An_exception_by_ticket_reaches_the_caller(int failing)
    {
        using var team = new ThreadTeam(2);

        var seen = 0;
        for (var i = 0; i < 200; i++)
        {
            try
            {
                var job = new FailingTicketJob(failing);
                team.RunByTicket(ref job);
            }
            catch (InvalidDataException)
            {
                seen++;
            }
        }

        if (failing == 0) Assert.Equal(200, seen);
        var taken = new TicketJob(team, new int[9]);
        team.RunByTicket(ref taken);
        Assert.All(taken.Taken, count => Assert.Equal(1, count));
    }

    [Fact]
    public void A_job_by_ticket_that_comes_to_a_barrier_is_told_so()
    {
        using var team = new ThreadTeam(2);

        Assert.Throws<InvalidOperationException>(() =>
        {
            var job = new BarrierJob(team, new int[2], 1);
            team.RunByTicket(ref job);
        });
    }

    [Theory, InlineData(10, 3), InlineData(0, 2), InlineData(7, 8), InlineData(int.MaxValue, 64)]
    public void Shares_cover_everything_once_and_differ_by_at_most_one(int count, int size)
    {
        var next = 0;
        for (var member = 0; member < size; member++)
        {
            var (start, end) = ThreadTeam.Share(count, member, size);
            Assert.Equal(next, start);
            Assert.InRange(end - start, count / size, count / size + 1);
            next = end;
        }
        Assert.Equal(count, next);
    }

    [Fact]
    public void Running_a_job_allocates_nothing_on_any_member()
    {
        using var team = new ThreadTeam(3);
        var job = new AllocationJob(team, new long[3]);
        var before = new long[3];
        for (var i = 0; i < 3; i++) team.Run(ref job);     // first calls compile code
        job.Bytes.CopyTo(before, 0);

        for (var i = 0; i < 200; i++) team.Run(ref job);

        Assert.Equal(before, job.Bytes);
    }

    [Theory, InlineData(0), InlineData(-1), InlineData(ThreadTeam.SizeMax + 1)]
    public void A_team_needs_at_least_one_member_and_a_sane_number(int size) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ThreadTeam(size));

    [Fact]
    public void A_disposed_team_refuses_jobs()
    {
        var team = new ThreadTeam(2);
        team.Dispose();
        team.Dispose();

        Assert.Throws<ObjectDisposedException>(() =>
        {
            var job = new CountJob(new int[2]);
            team.Run(ref job);
        });
    }

    private static void RunFailing(ThreadTeam team, FailingJob job) => team.Run(ref job);

    private static void Pause(TimeSpan time)
    {
        using var never = new ManualResetEventSlim();
        never.Wait(time, TestContext.Current.CancellationToken);
    }

    private readonly struct CountJob(int[] calls) : ITeamJob
    {
        public void Run(int member, int size)
        {
            Assert.Equal(calls.Length, size);
            calls[member]++;
        }
    }

    private readonly struct ThreadIdJob(int[] ids) : ITeamJob
    {
        public int[] Ids => ids;

        public void Run(int member, int size) => ids[member] = Environment.CurrentManagedThreadId;
    }

    private struct BarrierJob(ThreadTeam team, int[] reached, int rounds) : ITeamJob
    {
        private int _early;

        public readonly int Early => _early;

        public void Run(int member, int size)
        {
            for (var round = 1; round <= rounds; round++)
            {
                Volatile.Write(ref reached[member], round);
                team.Barrier();
                for (var other = 0; other < size; other++)
                    if (Volatile.Read(ref reached[other]) < round) Interlocked.Increment(ref _early);
            }
        }
    }

    private struct SlowMemberJob(ThreadTeam team) : ITeamJob
    {
        private int _passed;

        public int Slow { get; set; }

        public readonly int Passed => _passed;

        public void Run(int member, int size)
        {
            if (member == Slow) Pause(TimeSpan.FromMilliseconds(1));
            team.Barrier();
            Interlocked.Increment(ref _passed);
        }
    }

    private readonly struct FailingJob(ThreadTeam team, int failing) : ITeamJob
    {
        public void Run(int member, int size)
        {
            team.Barrier();
            if (member == failing) throw new InvalidDataException($"member {member}");
            team.Barrier();
            team.Barrier();
        }
    }

    private readonly struct NestedJob(ThreadTeam team) : ITeamJob
    {
        public void Run(int member, int size)
        {
            var inner = new CountJob([0, 0]);
            team.Run(ref inner);
        }
    }

    private readonly ref struct SquareJob(Span<int> squares) : ITeamJob
    {
        private readonly Span<int> _squares = squares;

        public void Run(int member, int size)
        {
            var (start, end) = ThreadTeam.Share(_squares.Length, member, size);
            for (var i = start; i < end; i++) _squares[i] = i * i;
        }
    }

    private readonly struct TicketJob(ThreadTeam team, int[] taken) : ITeamJob
    {
        public int[] Taken => taken;

        public void Run(int member, int size)
        {
            for (int i; (i = team.TakeTicket()) < taken.Length;) Interlocked.Increment(ref taken[i]);
        }
    }

    private struct MemberCountJob : ITeamJob
    {
        private int _callers, _others;

        public readonly int Callers => _callers;

        public readonly int Others => _others;

        public void Run(int member, int size) => Interlocked.Increment(ref member == 0 ? ref _callers : ref _others);
    }

    private readonly struct FailingTicketJob(int failing) : ITeamJob
    {
        public void Run(int member, int size)
        {
            if (member == failing) throw new InvalidDataException($"member {member}");
        }
    }

    private readonly struct AllocationJob(ThreadTeam team, long[] bytes) : ITeamJob
    {
        public long[] Bytes => bytes;

        public void Run(int member, int size)
        {
            team.Barrier();
            team.Barrier();
            bytes[member] = GC.GetAllocatedBytesForCurrentThread();
        }
    }
}
