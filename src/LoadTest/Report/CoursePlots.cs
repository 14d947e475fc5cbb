using Minka.LoadTest.Results;

namespace Minka.LoadTest.Report;

/// <summary>The course of a level: tokens per second and requests under way.</summary>
internal static class CoursePlots
{
    private const int StepsMax = 1500;

    /// <summary>Two plots under one time.</summary>
    public static IEnumerable<Plot> All(LevelResult level, string colour)
    {
        var step = Timelines.StepOf(level.Summary.Duration);
        var rates = Timelines.TokensPerSecond(level.Requests, step);
        var steps = Timelines.Concurrency(level.Requests);
        var time = Axis.FromZero(level.Summary.Duration, 6);
        yield return new()
        {
            Title = step == 1 ? "Tokens made in each second" : $"Tokens made per second, every {Axis.Text(step)} s",
            Description = $"Mean {ResultTable.Short(level.Summary.OutputThroughput)}, at most "
                + $"{ResultTable.Short(level.Summary.PeakTokensPerSecond)} tokens in one second.",
            X = time,
            Y = Axis.FromZero(rates.DefaultIfEmpty(1).Max()),
            XLabel = "seconds from the start",
            YLabel = "tokens per second",
            Lines =
            [
                new("", colour, [.. rates.Select((rate, i) => new PlotPoint((i + 0.5) * step, rate))], IsArea: true),
            ],
        };
        yield return new()
        {
            Title = "Requests under way",
            Description = $"At most {level.Summary.PeakConcurrency} at once.",
            X = time,
            Y = Axis.FromZero(Math.Max(1, level.Summary.PeakConcurrency)),
            XLabel = "seconds from the start",
            YLabel = "requests",
            Lines = [new("", colour, Stairs(steps), IsArea: true)],
        };
    }

    private static List<PlotPoint> Stairs(IReadOnlyList<(double At, int Count)> steps)
    {
        var points = new List<PlotPoint> { new(0, 0) };
        var every = Math.Max(1, steps.Count / StepsMax);
        foreach (var (at, count) in steps.Where((_, i) => i % every == 0 || i == steps.Count - 1))
        {
            points.Add(new(at, points[^1].Y));
            points.Add(new(at, count));
        }
        return points;
    }
}
