using Minka.Engine;

namespace Minka.Server.Metrics;

/// <summary>Upper bounds of histograms: vLLM's, so that its dashboards fit.</summary>
internal static class Buckets
{
    /// <summary>Until the first token, in seconds.</summary>
    public static double[] FirstToken { get; } =
        [.001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560];

    /// <summary>Between tokens, in seconds.</summary>
    public static double[] BetweenTokens { get; } =
        [.01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80];

    /// <summary><see cref="BetweenTokens"/> and finer ones below: a small model makes thousands in a second.</summary>
    public static double[] BetweenTokensFine { get; } =
        [.00005, .0001, .00025, .0005, .001, .0025, .005, .. BetweenTokens];

    /// <summary>Whole requests and their parts, in seconds.</summary>
    public static double[] Request { get; } =
        [.3, .5, .8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680];

    /// <summary><see cref="Request"/> and finer ones below.</summary>
    public static double[] RequestFine { get; } = [.001, .0025, .005, .01, .025, .05, .1, .2, .. Request];

    /// <summary>Tokens of one step.</summary>
    public static double[] StepTokens { get; } =
        [.. EngineCounters.StepSizeBounds.ToArray().Select(bound => (double)bound)];

    /// <summary>Choices of a request.</summary>
    public static double[] Choices { get; } = [1, 2, 5, 10, 20];

    /// <summary>1, 2, 5, 10, 20, 50 ... up to and including the first bound that is not below
    /// <paramref name="max"/>, but none above it.</summary>
    public static double[] Tokens(long max)
    {
        var bounds = new List<double>();
        for (var decade = 1L; ; decade *= 10)
            foreach (var digit in (ReadOnlySpan<long>)[1, 2, 5])
            {
                if (digit * decade > max) return [.. bounds];
                bounds.Add(digit * decade);
            }
    }
}
