using Minka.LoadTest.Client;

namespace Minka.LoadTest.Results;

/// <summary>The same load measured several times, as servers take turns: its rounds are one level.</summary>
public static class Rounds
{
    /// <summary>Makes one level of those that have the same load, by load.</summary>
    /// <param name="levels">Levels of one server; those whose requests were not kept stay as they are.</param>
    /// <param name="slo">Targets; null for none.</param>
    public static IReadOnlyList<LevelResult> Pool(IEnumerable<LevelResult> levels, Slo? slo) =>
    [
        .. levels.GroupBy(level => (level.Rate, level.ConcurrencyMax))
            .SelectMany(rounds => rounds.Count() > 1 && rounds.All(round => round.Requests.Count > 0)
                ? [PoolOne([.. rounds], slo)] : rounds.AsEnumerable())
            .OrderBy(level => level.Load),
    ];

    private static LevelResult PoolOne(LevelResult[] rounds, Slo? slo)
    {
        var requests = new List<RequestOutcome>();
        var passed = 0.0;
        foreach (var round in rounds)
        {
            requests.AddRange(round.Requests.Select(request => request with
            {
                PlannedAt = request.PlannedAt + passed,
                SentAt = request.SentAt + passed,
                FirstTokenAt = request.FirstTokenAt + passed,
                EndAt = request.EndAt + passed,
            }));
            passed += round.Summary.Duration;
        }
        var isLimited = rounds[0].ConcurrencyMax is not null;
        double[] percents = [.. rounds[0].Summary.Ttft.Percentiles.Select(entry => entry.Key)];
        return rounds[0] with
        {
            Summary = LevelSummary.Of(requests, passed, isLimited, slo, percents) with
            {
                IsCounted = rounds.All(round => round.Summary.IsCounted),
            },
            Requests = requests,
            IsInterrupted = rounds.Any(round => round.IsInterrupted),
        };
    }
}
