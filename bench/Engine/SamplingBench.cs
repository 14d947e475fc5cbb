using System.Diagnostics;
using System.Globalization;
using Minka.Bench.Kernels;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;

namespace Minka.Bench.Engine;

/// <summary>
/// <c>sampling</c>: from logits to a token, for the vocabulary of Llama 3. One core does it between two steps, so it
/// adds to every token; reading the logits once is the least it can cost.
/// </summary>
internal static class SamplingBench
{
    private static readonly (string Name, SamplingOptions Options)[] _ways =
    [
        ("greedy", SamplingOptions.Greedy),
        ("temperature 0.8", new() { Temperature = 0.8f, Seed = 1 }),
        ("top-k 40, top-p 0.95", new() { Temperature = 0.8f, TopK = 40, TopP = 0.95f, Seed = 1 }),
        ("top-p 0.95", new() { Temperature = 0.8f, TopP = 0.95f, Seed = 1 }),
        ("top-p 0.5", new() { Temperature = 0.8f, TopP = 0.5f, Seed = 1 }),
        ("top-k 5000", new() { Temperature = 0.8f, TopK = 5000, Seed = 1 }),
        ("typical-p 0.9", new() { Temperature = 0.8f, TypicalP = 0.9f, Seed = 1 }),
        ("min-p 0.05", new() { Temperature = 0.8f, MinP = 0.05f, Seed = 1 }),
        ("repetition 1.1, top-k 40", new() { Temperature = 0.8f, TopK = 40, RepetitionPenalty = 1.1f, Seed = 1 }),
    ];

    private const int WarmUp = 300;

    private static readonly int[] _prompt = [1, 2, 3, 4];

    public static int Run(string[] args)
    {
        var options = new BenchOptions(args);
        var vocabulary = options.Numbers("--vocabulary", "128256")[0];
        var token = options.Numbers("--token-us", "16000")[0];
        var rounds = options.Numbers("--rounds", "200")[0];
        var share = options.Numbers("--percentile", "50")[0];
        var sampler = new Sampler(vocabulary);
        var logits = new float[vocabulary];
        Console.WriteLine($"vocabulary of {vocabulary}; percentile {share} of {rounds}");
        Console.WriteLine($"share of a token of {token} us\n");
        Console.WriteLine("| sampling | spread of logits | us | share |\n| --- | --: | --: | --: |");
        foreach (var (name, way) in _ways)
            foreach (var spread in (int[])[0, 1, 3])
            {
                var original = Logits(vocabulary, spread);
                var sequence = new Sequence(0, new() { Prompt = _prompt, Sampling = way }, 0, [], 4096);
                var times = new List<double>(rounds);
                for (var i = -WarmUp; i < rounds; i++)
                {
                    original.CopyTo(logits, 0);
                    var start = Stopwatch.GetTimestamp();
                    if (!sampler.TrySample(sequence, 4, logits, out _)) throw new InvalidOperationException(name);
                    if (i >= 0) times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
                }
                times.Sort();
                var time = times[rounds * share / 100];
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"| {name} | {spread} | {time:F0} | {100 * time / token:F1} % |"));
            }
        return 0;
    }

    /// <summary>Normally distributed, as those of language models roughly are: deviations are 2 to 3.</summary>
    private static float[] Logits(int count, float deviation)
    {
        var random = new Random(1);
        var logits = new float[count];
        for (var i = 0; i < count; i++)
        {
            var radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            logits[i] = deviation * (float)(radius * Math.Cos(2 * Math.PI * random.NextDouble()));
        }
        return logits;
    }
}
