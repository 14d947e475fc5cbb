namespace Minka.Compute.Cpu;

/// <summary>Which parts of a job are taken: each member begins with its own and then helps with those of members that
/// have not come.</summary>
internal struct PartsTaken
{
    /// <summary>Most parts.</summary>
    public const int PartsMax = 32;

    private int _taken;

    /// <summary>Takes a part, from any member at the same time.</summary>
    /// <param name="member">Whose part comes first.</param>
    /// <param name="count">Parts of the job.</param>
    /// <param name="part">Which, from 0.</param>
    /// <returns>False when all are taken.</returns>
    /// <exception cref="ArgumentOutOfRangeException">More parts than <see cref="PartsMax"/>.</exception>
    public bool TryTake(int member, int count, out int part)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, PartsMax);
        for (var i = 0; i < count; i++)
        {
            part = (member + i) % count;
            var bit = 1 << part;
            if ((Volatile.Read(ref _taken) & bit) == 0 && (Interlocked.Or(ref _taken, bit) & bit) == 0) return true;
        }
        part = -1;
        return false;
    }
}
