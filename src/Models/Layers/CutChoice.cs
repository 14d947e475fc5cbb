namespace Minka.Models.Layers;

/// <summary>Whether steps are better cut into parts or computed by all cores together: what took less time.</summary>
/// <remarks>
/// That depends on how fast a core reads weights from which cache, how long cores wait for each other and how much of
/// them other processes take, so it is measured while it is used, for each number of tokens on its own. Both ways give
/// the same bits.
/// </remarks>
/// <param name="tokensMax">Tokens of the longest step that may be cut.</param>
/// <param name="time">Clock.</param>
internal sealed class CutChoice(int tokensMax, TimeProvider time)
{
    /// <summary>Times of either way that are kept; the least of them counts, since others only add to it.</summary>
    public const int Kept = 4;

    /// <summary>Steps after which the way that was slower is tried once more.</summary>
    public const int TrialEvery = 256;

    private readonly long[] _times = new long[(tokensMax + 1) * 2 * Kept];
    private readonly int[] _counts = new int[(tokensMax + 1) * 2];

    /// <summary>One step, from its beginning to its end.</summary>
    /// <param name="Tokens">Of the step.</param>
    /// <param name="IsCut">Which way it goes.</param>
    /// <param name="Start">When it began.</param>
    public readonly record struct Attempt(int Tokens, bool IsCut, long Start);

    /// <summary>Chooses the way of a step.</summary>
    public Attempt Begin(int tokens)
    {
        var (whole, cut) = (_counts[Way(tokens, false)], _counts[Way(tokens, true)]);
        var isCut = Math.Min(whole, cut) < Kept ? cut < whole
            : (whole + cut) % TrialEvery == 0 ? !IsCutFaster(tokens)
            : IsCutFaster(tokens);
        return new(tokens, isCut, time.GetTimestamp());
    }

    /// <summary>Remembers what a step took.</summary>
    public void End(Attempt step)
    {
        var way = Way(step.Tokens, step.IsCut);
        var count = _counts[way];
        _times[(way * Kept) + (count % Kept)] = time.GetTimestamp() - step.Start;
        _counts[way] = count + 1 < int.MaxValue / 2 ? count + 1 : Kept;
    }

    private bool IsCutFaster(int tokens) => Least(Way(tokens, true)) < Least(Way(tokens, false));

    private long Least(int way)
    {
        var least = long.MaxValue;
        foreach (var ticks in _times.AsSpan(way * Kept, Kept)) least = Math.Min(least, ticks);
        return least;
    }

    private static int Way(int tokens, bool isCut) => (2 * tokens) + (isCut ? 1 : 0);
}
