using Minka.LoadTest.Arrivals;
using Minka.LoadTest.Client;

namespace Minka.LoadTest;

/// <summary>How hard the server is pressed: by a schedule (open loop), or by so many users that wait (closed loop).
/// </summary>
/// <param name="Arrivals">The schedule; null for a closed loop.</param>
/// <param name="ConcurrencyMax">Users of a closed loop; requests under way at most of an open one; null for no limit.
/// </param>
public sealed record LoadLevel(ArrivalPattern? Arrivals, int? ConcurrencyMax)
{
    /// <summary>Each user sends its next request when it has the answer to the last.</summary>
    public bool IsClosedLoop => Arrivals is null;

    /// <summary>For people: <c>4 users</c>, <c>2 requests/s</c>, <c>all at once</c>.</summary>
    public string Name => Arrivals switch
    {
        null => ConcurrencyMax == 1 ? "1 user" : $"{ConcurrencyMax} users",
        { Rate: double.PositiveInfinity } all => all.Description,
        { Rate: var rate } => FormattableString.Invariant($"{rate:0.###} req/s"),
    };

    /// <summary>For people, in full.</summary>
    public string Description => Arrivals switch
    {
        null => $"closed loop, {Name}",
        { } schedule when ConcurrencyMax is { } limit => $"{schedule.Description}, at most {limit} under way",
        { } schedule => schedule.Description,
    };

    /// <summary>Of a closed loop of so many users.</summary>
    public static LoadLevel Users(int count) => new(null, count);
}

/// <summary>How far a run is.</summary>
/// <param name="Total">Requests of the level.</param>
/// <param name="Sent">Requests sent.</param>
/// <param name="Done">Requests over, failed ones too.</param>
/// <param name="Failed">Requests that failed.</param>
/// <param name="OutputTokens">Tokens of the requests that are over.</param>
/// <param name="Elapsed">Since the start of the level.</param>
public sealed record LoadProgress(int Total, int Sent, int Done, int Failed, long OutputTokens, TimeSpan Elapsed);

/// <summary>What came of one level.</summary>
/// <param name="Level">How hard it was.</param>
/// <param name="Outcomes">In the order of the plan; requests that Ctrl+C kept from being sent are not there.</param>
/// <param name="Duration">From the start until the last request was over, s.</param>
/// <param name="IsInterrupted">Ctrl+C ended it.</param>
public sealed record LevelOutcome(
    LoadLevel Level, IReadOnlyList<RequestOutcome> Outcomes, double Duration, bool IsInterrupted);
