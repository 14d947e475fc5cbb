using Minka.LoadTest.Client;

namespace Minka.LoadTest.Results;

/// <summary>The course of a run over time.</summary>
internal static class Timelines
{
    private const int StepsMax = 1 << 20;

    /// <summary>A second; for runs of a few seconds and less so much less that their course can be seen.</summary>
    /// <param name="duration">Of the run, s.</param>
    /// <returns>1, 0.5, 0.2, 0.1, ..., s.</returns>
    public static double StepOf(double duration)
    {
        var power = Math.Clamp(Math.Pow(10, Math.Floor(Math.Log10(duration)) - 1), 1e-6, 1);
        return power == 1 ? 1 : (duration / power) switch
        {
            >= 50 => 5 * power,
            >= 20 => 2 * power,
            _ => power,
        };
    }

    /// <summary>Tokens that came in each second of the run. Events share the tokens of their request equally.</summary>
    public static double[] TokensPerSecond(IReadOnlyList<RequestOutcome> requests) => TokensPerSecond(requests, 1);

    /// <summary>The same in steps of another length; still tokens per second.</summary>
    /// <param name="requests">Of the run.</param>
    /// <param name="step">Length of a step, s.</param>
    public static double[] TokensPerSecond(IReadOnlyList<RequestOutcome> requests, double step)
    {
        var last = requests.Where(request => request.FirstTokenAt is not null)
            .Select(request => request.LastTokenAt).DefaultIfEmpty(-1).Max();
        if (last < 0) return [];
        var rates = new double[(int)Math.Min(last / step, StepsMax - 1) + 1];
        foreach (var request in requests)
        {
            if (request.FirstTokenAt is not { } at) continue;
            var each = request.OutputTokens / (request.Gaps.Count + 1.0) / step;
            rates[Step(at)] += each;
            foreach (var gap in request.Gaps) rates[Step(at += gap)] += each;
        }
        return rates;

        int Step(double at) => Math.Clamp((int)(at / step), 0, rates.Length - 1);
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
