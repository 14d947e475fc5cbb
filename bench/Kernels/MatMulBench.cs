using System.Globalization;
using Minka.Compute;
using Minka.Compute.Cpu;

namespace Minka.Bench.Kernels;

/// <summary>
/// The packed product by format, shape and tokens. One token is bound by weight bytes per second, many by vector
/// operations; both limits are measured between the rounds and every figure stands beside its share of them.
/// </summary>
internal static class MatMulBench
{
    public static int Run(string[] args)
    {
        var options = new BenchOptions(args);
        var types = options.Text("--types", "Q4_0,Q8_0,F16").Split(',')
            .Select(t => Enum.Parse<DType>(t, ignoreCase: true));
        var shapes = options.Text("--shapes", "8192x2048,2048x8192").Split(',');
        var rounds = options.Numbers("--rounds", "25")[0];
        var clock = Enum.Parse<Clock>(options.Text("--clock", "wall"), ignoreCase: true);
        var coldBytes = (long)options.Numbers("--cold-mb", "200")[0] << 20;
        var tier = Enum.Parse<InstructionTier>(
            options.Text("--tier", InstructionTiers.Current.ToString()), ignoreCase: true);
        Console.WriteLine($"tier {tier}; best of {rounds} rounds, and of the limits measured between them");
        Console.WriteLine("| threads | format | shape | tokens | us | GB/s | % read | GOP/s | % dots |");
        Console.WriteLine("| --: | --- | --- | --: | --: | --: | --: | --: | --: |");
        foreach (var threads in options.Numbers("--threads", "1,2"))
        {
            using var team = new ThreadTeam(threads);
            using var limits = new MachineLimits(team);
            foreach (var type in types)
                foreach (var shape in shapes)
                {
                    var sizes = shape.Split('x').Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToArray();
                    using var cold = new ColdMatrices(type, sizes[0], sizes[1], coldBytes, team, tier);
                    foreach (var tokens in options.Numbers("--tokens", "1,2,4,8,16,64,256"))
                        Print(threads, type, shape, tokens, Measure(cold, limits, tokens, rounds, threads, clock));
                }
        }
        return 0;
    }

    private static void Print(int threads, DType type, string shape, int tokens, Sample s) =>
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {threads} | {type} | {shape} | {tokens} | {s.Seconds * 1e6:F0} | {s.Bytes / s.Seconds / 1e9:F1} | "
            + $"{100 * s.Bytes / s.Seconds / s.ReadLimit:F0} | {s.Operations / s.Seconds / 1e9:F0} | "
            + $"{100 * s.Operations / s.Seconds / s.OperationLimit:F0} |"));

    private static Sample Measure(
        ColdMatrices cold, MachineLimits limits, int tokens, int rounds, int threads, Clock clock)
    {
        List<double> seconds = [], read = [], operations = [];
        cold.Multiply(tokens, 1);
        for (var i = 0; i < rounds; i++)
        {
            // Short rounds, so that some meet no other process: the best one says what the code can do.
            var times = Math.Clamp(256 / tokens, 1, 8);
            var start = clock.Now();
            cold.Multiply(tokens, times);
            seconds.Add((clock.Now() - start) / times / (clock == Clock.Cpu ? threads : 1));
            read.Add(limits.ReadBytesPerSecond());
            operations.Add(limits.ByteOperationsPerSecond(cold.Tier));
        }
        return new Sample(
            seconds.Min(), cold.Bytes, 2.0 * cold.Weights * tokens, read.Max(), operations.Max());
    }

    private readonly record struct Sample(
        double Seconds, long Bytes, double Operations, double ReadLimit, double OperationLimit);
}
