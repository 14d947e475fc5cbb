using System.Globalization;
using Minka.Bench.Kernels;
using Minka.Compute.Cpu;
using Minka.Models.Loading;

namespace Minka.Bench.Models;

/// <summary><c>batch MODEL</c>: what several sequences that decode together gain over one, in one run.</summary>
internal static class BatchBench
{
    public static int Run(string[] args)
    {
        var options = new BenchOptions(args);
        if (args.FirstOrDefault(File.Exists) is not { } path)
        {
            Console.Error.WriteLine("batch needs a MODEL file; --sequences 1,2,4,8 --threads 2 --steps 32 --rounds 5.");
            return 2;
        }
        var counts = options.Numbers("--sequences", "1,2,4,8");
        var steps = options.Numbers("--steps", "32")[0];
        using var file = ModelFiles.Open(path);
        using var backend = new CpuBackend(new() { Threads = options.Numbers("--threads", "2")[0] });
        using var run = new Decoding(file, backend, counts.Max(), steps);

        var rates = counts.ToDictionary(count => count, _ => new List<double>());
        foreach (var count in counts) run.Decode(count, 2);
        for (var round = 0; round < options.Numbers("--rounds", "5")[0]; round++)
            foreach (var count in counts) rates[count].Add(run.Decode(count, steps));

        Console.WriteLine($"{backend.Description}; {Path.GetFileName(path)}\n");
        Console.WriteLine("| sequences | tokens/s | times one |\n| --: | --: | --: |");
        var one = PeerBench.Median(rates[counts[0]]);
        foreach (var count in counts)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {count} | {PeerBench.Median(rates[count]):F1} | {PeerBench.Median(rates[count]) / one:F2} |"));
        return 0;
    }
}
