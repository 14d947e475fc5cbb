using System.Globalization;
using Minka.Bench.Kernels;
using Minka.Compute.Cpu;
using Minka.Models.Loading;

namespace Minka.Bench.Models;

/// <summary>
/// <c>busy MODEL</c>: what is left of decoding when another process takes one of the cores, and what a model that
/// waits for work costs.
/// </summary>
internal static class BusyBench
{
    private static readonly TimeSpan _idle = TimeSpan.FromSeconds(2);

    public static int Run(string[] args)
    {
        var options = new BenchOptions(args);
        if (args.FirstOrDefault(File.Exists) is not { } path)
        {
            Console.Error.WriteLine("busy needs a MODEL file; --threads 2 --steps 32 --rounds 5.");
            return 2;
        }
        var threads = options.Numbers("--threads", "2")[0];
        var steps = options.Numbers("--steps", "32")[0];
        using var file = ModelFiles.Open(path);
        using var backend = new CpuBackend(new() { Threads = threads });
        using var decoding = new Decoding(file, backend, sequences: 1, steps);
        List<double> quiet = [], busy = [];
        decoding.Decode(1, steps);
        for (var round = 0; round < options.Numbers("--rounds", "5")[0]; round++)
        {
            quiet.Add(decoding.Decode(1, steps));
            using var loop = new BusyLoop(threads - 1);
            busy.Add(decoding.Decode(1, steps));
        }

        var (alone, beside) = (PeerBench.Median(quiet), PeerBench.Median(busy));
        Console.WriteLine($"{backend.Description}; {Path.GetFileName(path)}\n");
        Console.WriteLine("| quiet tok/s | beside a busy loop on the last core | ratio | processor while idle |");
        Console.WriteLine("| --: | --: | --: | --: |");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {alone:F1} | {beside:F1} | {beside / alone:F2} | {100 * IdleShare():F1} % |"));
        return 0;
    }

    /// <summary>Processor time over time, while nothing is asked of the model.</summary>
    private static double IdleShare()
    {
        var before = Environment.CpuUsage.TotalTime;
        Thread.Sleep(_idle);
        return (Environment.CpuUsage.TotalTime - before) / _idle;
    }
}
