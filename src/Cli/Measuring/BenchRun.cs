using Minka.Models;

namespace Minka.Cli.Measuring;

/// <summary>What one row of the bench measures: a prompt, or tokens one by one, after so many others.</summary>
/// <param name="Prompt">Tokens computed together; 0 when tokens are made one by one.</param>
/// <param name="Generated">Tokens made one by one; 0 for a prompt.</param>
/// <param name="Depth">Tokens already there.</param>
internal readonly record struct BenchTest(int Prompt, int Generated, int Depth)
{
    /// <summary>llama-bench's name: pp512, tg128 @ d1024.</summary>
    public string Name => (Prompt > 0 ? $"pp{Prompt}" : $"tg{Generated}") + (Depth > 0 ? $" @ d{Depth}" : "");

    /// <summary>Tokens that are timed.</summary>
    public int Tokens => Prompt + Generated;

    /// <summary>Positions needed.</summary>
    public int Positions => Depth + Tokens;
}

/// <summary>Times of one test.</summary>
internal sealed record BenchResult(BenchTest Test, IReadOnlyList<TimeSpan> Samples)
{
    /// <summary>Tokens per second of each repetition.</summary>
    public IReadOnlyList<double> Rates => [.. Samples.Select(sample => Test.Tokens / sample.TotalSeconds)];

    /// <summary>Mean of <see cref="Rates"/>.</summary>
    public double Rate => Rates.Average();

    /// <summary>Sample standard deviation of <see cref="Rates"/>; 0 for one repetition.</summary>
    public double RateDeviation => Deviation(Rates);

    /// <summary>Sample standard deviation: n - 1 below.</summary>
    public static double Deviation(IReadOnlyList<double> values)
    {
        if (values.Count < 2) return 0;
        var mean = values.Average();
        return Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1));
    }
}

/// <summary>Runs tests on a model: first to warm up, then as often as asked.</summary>
internal sealed class BenchRun(ICausalModel model, TimeProvider time)
{
    private const int Seed = 7;
    private const int WarmUpPrompt = 64, WarmUpTokens = 16;

    /// <summary>As long as this the runtime may still be compiling what it found to be hot.</summary>
    private static readonly TimeSpan _warmUp = TimeSpan.FromSeconds(1);

    private readonly SoloSequence _sequence = new(model);

    public BenchResult Measure(BenchTest test, int repetitions, CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        var warmUp = new BenchTest(
            Math.Min(test.Prompt, WarmUpPrompt), Math.Min(test.Generated, WarmUpTokens), test.Depth);
        do Once(warmUp, cancellation);
        while (time.GetElapsedTime(start) < _warmUp);
        var samples = new TimeSpan[repetitions];
        for (var i = 0; i < repetitions; i++) samples[i] = Once(test, cancellation);
        return new(test, samples);
    }

    private TimeSpan Once(BenchTest test, CancellationToken cancellation)
    {
        var random = new Random(Seed);
        var tokens = new int[test.Positions];
        for (var i = 0; i < tokens.Length; i++) tokens[i] = random.Next(model.Config.VocabularySize);

        // Every test walks the same tokens, so what is there of them already need not be computed again.
        _sequence.Rewind(test.Depth);
        _sequence.Run(tokens.AsSpan(_sequence.Length, test.Depth - _sequence.Length), cancellation);
        var start = time.GetTimestamp();
        if (test.Prompt > 0) _sequence.Run(tokens.AsSpan(test.Depth), cancellation);
        for (var i = 0; i < test.Generated; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            _sequence.Step(tokens.AsSpan(test.Depth + i, 1), logits: 1);
        }
        return time.GetElapsedTime(start);
    }
}
