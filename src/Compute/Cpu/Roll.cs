namespace Minka.Compute.Cpu;

/// <summary>Who takes part in a team's job, in one word: the job, how one joins, how many have not left.</summary>
internal static class Roll
{
    /// <summary>The caller has finished: nobody joins any more, and the last to leave tells it.</summary>
    public const long Closed = 1L << 31;

    private const long ByTicket = 1L << 30;

    /// <summary>A new job: by ticket members join when they come, otherwise all are expected from the start.</summary>
    public static long Of(int job, int expected, bool isByTicket) =>
        (long)job << 32 | (isByTicket ? ByTicket : (uint)expected);

    /// <summary>Whether it is that job's.</summary>
    public static bool IsOf(long roll, int job) => (int)(roll >> 32) == job;

    /// <summary>Whether members that are not expected may join.</summary>
    public static bool IsByTicket(long roll) => (roll & ByTicket) != 0;

    /// <summary>Whether nobody joins any more.</summary>
    public static bool IsClosed(long roll) => (roll & Closed) != 0;

    /// <summary>Members, besides the caller, that were expected or joined and have not left.</summary>
    public static int Count(long roll) => (int)(roll & (ByTicket - 1));
}
