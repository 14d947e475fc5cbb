using Minka.LoadTest.Client;

namespace Minka.LoadTest.Results;

/// <summary>The course of a run over time.</summary>
internal static class Timelines
{
    private const int SecondsMax = 1 << 20;

    /// <summary>Tokens that came in each second of the run. Events share the tokens of their request equally.</summary>
    public static double[] TokensPerSecond(IReadOnlyList<RequestOutcome> requests)
    {
        var last = requests.Where(request => request.FirstTokenAt is not null)
            .Select(request => request.LastTokenAt).DefaultIfEmpty(-1).Max();
        if (last < 0) return [];
        var seconds = new double[(int)Math.Min(last, SecondsMax - 1) + 1];
        foreach (var request in requests)
        {
            if (request.FirstTokenAt is not { } at) continue;
            var each = request.OutputTokens / (request.Gaps.Count + 1.0);
            seconds[Second(at)] += each;
            foreach (var gap in request.Gaps) seconds[Second(at += gap)] += each;
        }
        return seconds;

        int Second(double at) => Math.Clamp((int)at, 0, seconds.Length - 1);
    }

    /// <summary>Requests under way after each moment at which that changes.</summary>
    public static IReadOnlyList<(double At, int Count)> Concurrency(IReadOnlyList<RequestOutcome> requests)
    {
        var steps = new List<(double At, int Count)>();
        var running = 0;
        // One that ends as another begins makes room for it.
        foreach (var (at, change) in requests.SelectMany(request =>
            new[] { (At: request.SentAt, Change: 1), (At: request.EndAt, Change: -1) })
            .OrderBy(edge => edge.At).ThenBy(edge => edge.Change))
            steps.Add((at, running += change));
        return steps;
    }
}
