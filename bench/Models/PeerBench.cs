using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Minka.Bench.Kernels;

namespace Minka.Bench.Models;

/// <summary>
/// <c>models --peer LLAMA_RUN MODEL …</c>: the product beside llama.cpp, whole programs that take turns, on the same
/// file and threads. What counts is the ratio of the medians; the machine may be shared.
/// </summary>
internal static class PeerBench
{
    private const double QuietSeconds = 300;

    public static int Run(string[] args)
    {
        var options = new BenchOptions(args);
        var peer = options.Text("--peer", "");
        var minka = options.Text("--minka", "./minka");
        var rounds = options.Numbers("--rounds", "5")[0];
        string[] models = [.. args.Where(File.Exists).Where(a => a != peer && a != minka)];
        if (models.Length == 0)
        {
            Console.Error.WriteLine(
                "models needs at least one MODEL file; --peer names the starter that ../shared/peers/llamacpp writes; "
                + "--threads 1,2 --prompt 256,512 --gen 64 --depth 0 --rounds 5 --minka PROGRAM --flags TEXT.");
            return 2;
        }

        var machine = MachineName();
        Console.WriteLine($"{machine}; {rounds} rounds each, alternating; medians of tokens per second.\n");
        Console.WriteLine("| model | test | threads | minka | llama.cpp | ratio |");
        Console.WriteLine("| --- | --- | --: | --: | --: | --: |");
        foreach (var model in models)
            foreach (var threads in options.Numbers("--threads", "1,2"))
                foreach (var test in Tests(options))
                    Compare(new(minka, peer, model, threads, rounds, options.Text("--flags", "")), test);
        return 0;
    }

    private static IEnumerable<Test> Tests(BenchOptions options)
    {
        foreach (var depth in options.Numbers("--depth", "0"))
        {
            foreach (var prompt in options.Numbers("--prompt", "256,512").Where(n => n > 0))
                yield return new(prompt, 0, depth);
            foreach (var generate in options.Numbers("--gen", "64").Where(n => n > 0))
                yield return new(0, generate, depth);
        }
    }

    private static void Compare(Pair pair, Test test)
    {
        var ours = new List<double>();
        var theirs = new List<double>();
        for (var round = 0; round < pair.Rounds; round++)
        {
            ours.Add(Measure(pair.Minka, $"bench -m {pair.Model} {test.Flags} {pair.Flags}", pair.Threads));
            if (pair.Peer.Length > 0)
                theirs.Add(Measure(pair.Peer, $"llama-bench -m {pair.Model} {test.Flags}", pair.Threads));
        }
        var (mine, other) = (Median(ours), theirs.Count > 0 ? Median(theirs) : double.NaN);
        var model = Path.GetFileNameWithoutExtension(pair.Model);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {model} | {test.Name} | {pair.Threads} | {mine:F1} | {other:F1} | {mine / other:F2} |"));
    }

    private static double Measure(string program, string arguments, int threads)
    {
        var start = new ProcessStartInfo(program, $"{arguments} -t {threads} -r 1 -o json")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} does not start.");
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        var output = process.StandardOutput.ReadToEnd();
        if (!process.WaitForExit(TimeSpan.FromSeconds(QuietSeconds)) || process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {arguments} ended with {process.ExitCode}.");
        using var json = JsonDocument.Parse(output);
        return json.RootElement[0].GetProperty("avg_ts").GetDouble();
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return (values[(values.Count - 1) / 2] + values[values.Count / 2]) / 2;
    }

    private static string MachineName()
    {
        const string cpuInfo = "/proc/cpuinfo";
        var name = File.Exists(cpuInfo)
            ? File.ReadLines(cpuInfo).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return $"{name?.Split(':')[1].Trim() ?? "unknown processor"}, {Environment.ProcessorCount} threads";
    }

    private sealed record Pair(string Minka, string Peer, string Model, int Threads, int Rounds, string Flags);

    private sealed record Test(int Prompt, int Generate, int Depth)
    {
        public string Flags => $"-p {Prompt} -n {Generate} -d {Depth}";

        public string Name => (Prompt > 0 ? $"pp{Prompt}" : $"tg{Generate}") + (Depth > 0 ? $" @ d{Depth}" : "");
    }
}
