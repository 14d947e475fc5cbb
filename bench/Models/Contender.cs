using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Minka.Bench.Models;

/// <summary>What one program computes in one run of its bench.</summary>
/// <param name="Prompt">Tokens computed together; 0 when tokens are made one by one.</param>
/// <param name="Generate">Tokens made one by one; 0 for a prompt.</param>
/// <param name="Depth">Tokens already there.</param>
/// <param name="Threads">Threads that compute.</param>
internal readonly record struct SpeedTest(int Prompt, int Generate, int Depth, int Threads)
{
    /// <summary>llama-bench's name.</summary>
    public string Name => (Prompt > 0 ? $"pp{Prompt}" : $"tg{Generate}") + (Depth > 0 ? $" @ d{Depth}" : "");
}

/// <summary>A program that understands llama-bench's options and answers in its JSON: ours, or the peer.</summary>
/// <param name="Name">For the table.</param>
/// <param name="Program">What is started.</param>
/// <param name="Verb">Its first argument.</param>
internal sealed record Contender(string Name, string Program, string Verb)
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(10);

    /// <summary>Tokens per second of each test, from one run of the whole program.</summary>
    /// <param name="model">Model file.</param>
    /// <param name="options">Tests and threads as on the command line.</param>
    /// <param name="environment">Variables to set.</param>
    public Dictionary<SpeedTest, double> Measure(
        string model, string options, IReadOnlyDictionary<string, string>? environment = null)
    {
        var arguments = $"{Verb} -m {model} {options} -o json";
        var start = new ProcessStartInfo(Program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{Program} does not start.");
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        var output = process.StandardOutput.ReadToEnd();
        if (!process.WaitForExit(_patience) || process.ExitCode != 0)
            throw new InvalidOperationException($"{Program} {arguments} ended with {process.ExitCode}.");
        return Parse(output);
    }

    private static Dictionary<SpeedTest, double> Parse(string output)
    {
        using var json = JsonDocument.Parse(output);
        var rates = new Dictionary<SpeedTest, double>();
        foreach (var row in json.RootElement.EnumerateArray())
        {
            int Number(string name) => row.GetProperty(name).GetInt32();
            var test = new SpeedTest(Number("n_prompt"), Number("n_gen"), Number("n_depth"), Number("n_threads"));
            rates[test] = row.GetProperty("avg_ts").GetDouble();
        }
        return rates;
    }

    /// <summary>The machine these programs run on, for a table's head.</summary>
    public static string MachineName()
    {
        const string cpuInfo = "/proc/cpuinfo";
        var name = File.Exists(cpuInfo)
            ? File.ReadLines(cpuInfo).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return string.Create(CultureInfo.InvariantCulture,
            $"{name?.Split(':')[1].Trim() ?? "unknown processor"}, {Environment.ProcessorCount} cores");
    }
}
