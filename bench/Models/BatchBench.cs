using System.Diagnostics;
using System.Globalization;
using Minka.Bench.Kernels;
using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Models;
using Minka.Models.Loading;

namespace Minka.Bench.Models;

/// <summary><c>batch MODEL</c>: what several sequences that decode together gain over one, in one run.</summary>
internal static class BatchBench
{
    private const int Depth = 64;

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
        var tableBlocks = (Depth + steps) / KvShape.BlockTokens + 1;
        var most = counts.Max();
        var limits = new StepLimits(Math.Max(Depth, most), most, most, tableBlocks * most);
        using var model = Decoder.Load(file, backend, new() { KvBlocks = limits.TableBlocks, Limits = limits });
        var run = new Decoding(model, limits, tableBlocks);
        run.Prefill(most);

        var rates = counts.ToDictionary(count => count, _ => new List<double>());
        foreach (var count in counts) run.Decode(count, 2);
        for (var round = 0; round < options.Numbers("--rounds", "5")[0]; round++)
            foreach (var count in counts) rates[count].Add(run.Decode(count, steps));

        Console.WriteLine($"{backend.Description}; {Path.GetFileName(path)}\n");
        Console.WriteLine("| sequences | tokens/s | times one |\n| --: | --: | --: |");
        var one = Median(rates[counts[0]]);
        foreach (var count in counts)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {count} | {Median(rates[count]):F1} | {Median(rates[count]) / one:F2} |"));
        return 0;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private sealed class Decoding(Decoder model, StepLimits limits, int tableBlocks)
    {
        private readonly ForwardInput _input = new(limits);
        private readonly float[] _logits = new float[limits.LogitRows * model.Config.VocabularySize];

        public void Prefill(int sequences)
        {
            var tokens = Enumerable.Range(0, Depth).Select(i => i % model.Config.VocabularySize).ToArray();
            for (var s = 0; s < sequences; s++)
            {
                _input.Clear();
                _input.AddSequence(tokens, 0, Depth, Table(s), 1);
                model.Forward(_input, _logits);
            }
        }

        /// <summary>Tokens per second of all sequences together.</summary>
        public double Decode(int sequences, int steps)
        {
            var start = Stopwatch.GetTimestamp();
            for (var step = 0; step < steps; step++)
            {
                _input.Clear();
                for (var s = 0; s < sequences; s++) _input.AddSequence([7 + s], Depth + step, Depth, Table(s), 1);
                model.Forward(_input, _logits);
            }
            return sequences * steps / Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        private int[] Table(int sequence) => [.. Enumerable.Range(sequence * tableBlocks, tableBlocks)];
    }
}
