using System.Globalization;
using Minka.Bench.Kernels;

namespace Minka.Bench.Models;

/// <summary>
/// <c>models --peer LLAMA_RUN MODEL …</c>: the product beside llama.cpp, whole programs that take turns, on the same
/// file and threads. What counts is the ratio of the medians; the machine may be shared.
/// </summary>
internal static class PeerBench
{
    public static int Run(string[] args)
    {
        var options = new BenchOptions(args);
        var peer = options.Text("--peer", "");
        var minka = options.Text("--minka", "./minka");
        string[] models = [.. args.Where(File.Exists).Where(a => a != peer && a != minka)];
        if (models.Length == 0)
        {
            Console.Error.WriteLine(
                "models needs at least one MODEL file; --peer names the starter that ../shared/peers/llamacpp writes; "
                + "--threads 1,2 --prompt 256,512 --gen 64 --depth 0 --rounds 5 --minka PROGRAM --flags TEXT.");
            return 2;
        }

        var rounds = options.Numbers("--rounds", "5")[0];
        Console.WriteLine(
            $"{Contender.MachineName()}; {rounds} rounds each, alternating; medians of tokens per second.\n");
        Console.WriteLine("| model | test | threads | minka | llama.cpp | ratio |");
        Console.WriteLine("| --- | --- | --: | --: | --: | --: |");
        Contender ours = new("minka", minka, "bench"), theirs = new("llama.cpp", peer, "llama-bench");
        var tests = $"-p {options.Text("--prompt", "256,512")} -n {options.Text("--gen", "64")} "
            + $"-d {options.Text("--depth", "0")} -t {options.Text("--threads", "1,2")} -r 1";
        foreach (var model in models)
            Compare(model, ours, peer.Length > 0 ? theirs : null, tests, options.Text("--flags", ""), rounds);
        return 0;
    }

    private static void Compare(
        string model, Contender ours, Contender? theirs, string tests, string flags, int rounds)
    {
        var mine = new Dictionary<SpeedTest, List<double>>();
        var other = new Dictionary<SpeedTest, List<double>>();
        for (var round = 0; round < rounds; round++)
        {
            Add(mine, ours.Measure(model, $"{tests} {flags}"));
            if (theirs is not null) Add(other, theirs.Measure(model, tests));
        }
        foreach (var (test, rates) in mine)
        {
            var ratio = other.TryGetValue(test, out var peers) ? Median(rates) / Median(peers) : double.NaN;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {Path.GetFileNameWithoutExtension(model)} | {test.Name} | {test.Threads} | {Median(rates):F1} | "
                + $"{(peers is null ? double.NaN : Median(peers)):F1} | {ratio:F2} |"));
        }
    }

    private static void Add(Dictionary<SpeedTest, List<double>> all, Dictionary<SpeedTest, double> run)
    {
        foreach (var (test, rate) in run)
        {
            if (!all.TryGetValue(test, out var rates)) all[test] = rates = [];
            rates.Add(rate);
        }
    }

    /// <summary>The middle value, or the mean of the middle two.</summary>
    public static double Median(List<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
