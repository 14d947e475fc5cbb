using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Minka.Bench.Models.Table;

/// <summary>From Enter to the first letter, and the memory that is taken on the way and held at the end.</summary>
internal sealed class StartPiece : TablePiece
{
    /// <summary>Head of the table.</summary>
    public const string Section = "| start and memory | unit | measured | at most | share | must |";

    private const double MiB = 1 << 20;
    private static readonly TimeSpan _between = TimeSpan.FromMilliseconds(2);

    public required string Program { get; init; }

    /// <summary>Model file; null for the built-in model.</summary>
    public required string? Model { get; init; }

    public required double SecondsMax { get; init; }

    private string Subject => Model is null ? "built-in model" : Path.GetFileNameWithoutExtension(Model);

    public override IEnumerable<TableSample> RunRound()
    {
        var seconds = SecondsToFirstLetter();
        yield return Row("command to first text", "s", seconds, SecondsMax);
        if (Model is null) yield break;

        var (output, peak) = RunToEnd();
        using var json = JsonDocument.Parse(output);
        double Number(string name) => json.RootElement.GetProperty(name).GetDouble();
        var process = Number("process_bytes");
        yield return Row("resident beyond weights and KV", "MiB",
            (process - Number("weight_bytes") - Number("kv_bytes")) / MiB, 150e6 / MiB);
        yield return Row("peak over resident", "ratio", peak / process, 1.1);
    }

    private TableSample Row(string what, string unit, double measured, double most) =>
        new(Section, $"{Subject}: {what} | {unit}", measured, most, "1.0 or less");

    private ProcessStartInfo Command(string options) => new(
        Program, Model is null ? "run \"What is 12 + 30?\"" : $"run -m {Model} --raw Hello -n 4 --temp 0 {options}")
    {
        RedirectStandardOutput = true,
        RedirectStandardInput = true,
    };

    private double SecondsToFirstLetter()
    {
        var start = Stopwatch.GetTimestamp();
        using var process = Process.Start(Command(""))!;
        process.StandardOutput.Read();
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return seconds;
    }

    private (string Output, double PeakBytes) RunToEnd()
    {
        using var process = Process.Start(Command("--json"))!;
        var reading = process.StandardOutput.ReadToEndAsync();
        var peak = 0.0;
        while (!process.WaitForExit(_between)) peak = Math.Max(peak, PeakBytes(process.Id));
        return (reading.GetAwaiter().GetResult(), peak);
    }

    /// <summary>The most memory that a process ever held, from the system.</summary>
    private static double PeakBytes(int id)
    {
        try
        {
            var line = File.ReadLines($"/proc/{id}/status")
                .FirstOrDefault(l => l.StartsWith("VmHWM", StringComparison.Ordinal));
            return line is null ? 0 : 1024 * double.Parse(
                line.Split(':')[1].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;     // it ended meanwhile
        }
    }
}
