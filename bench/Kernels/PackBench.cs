using System.Globalization;
using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Compute.Packing;

namespace Minka.Bench.Kernels;

/// <summary>
/// Packing weights, which starting waits for: bytes of the source per second, from memory. At least 1.5 GB/s on two
/// threads keep a model of 1B parameters under half a second.
/// </summary>
internal static class PackBench
{
    public static int Run(string[] args)
    {
        var options = new BenchOptions(args);
        var rounds = options.Numbers("--rounds", "7")[0];
        var pairs = options.Text("--types", "Q4_0,Q4_1,Q5_0,Q8_0,F16,BF16,F32,F16-Q8_0,F16-Q4_0").Split(',');
        var clock = Enum.Parse<Clock>(options.Text("--clock", "wall"), ignoreCase: true);
        Console.WriteLine("| threads | from | to | GB/s |");
        Console.WriteLine("| --: | --- | --- | --: |");
        foreach (var threads in options.Numbers("--threads", "1,2"))
        {
            using var team = new ThreadTeam(threads);
            foreach (var pair in pairs)
            {
                var types = pair.Split('-').Select(t => Enum.Parse<DType>(t, ignoreCase: true)).ToArray();
                var source = new RandomWeights(types[0], 8192, 2048, 1);
                var best = double.MaxValue;
                for (var i = 0; i < rounds; i++)
                {
                    var start = clock.Now();
                    PackedMatrix.Pack([source], types[^1], team).Dispose();
                    best = Math.Min(best, (clock.Now() - start) / (clock == Clock.Cpu ? threads : 1));
                }
                var bytes = types[0].RowBytes(2048) * 8192;
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {threads} | {types[0]} | {types[^1]} | {bytes / best / 1e9:F2} |"));
            }
        }
        return 0;
    }
}
