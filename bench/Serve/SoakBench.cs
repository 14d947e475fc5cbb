using System.Globalization;
using Minka.Bench.Kernels;

namespace Minka.Bench.Serve;

/// <summary><c>soak URL</c>: a running server under clients good and bad, for minutes; what it holds before, meanwhile
/// and afterwards, as its own metrics say. Ends with 1 when something was answered wrongly or is left behind.</summary>
internal static class SoakBench
{
    private const int Clients = 12, Rows = 10, InRow = 1000;

    public static async Task<int> RunAsync(string[] args)
    {
        var options = new BenchOptions(args);
        if (args.FirstOrDefault(arg => arg.StartsWith("http", StringComparison.Ordinal)) is not { } address)
        {
            Console.Error.WriteLine("soak needs the URL of a server, http://127.0.0.1:8000; --seconds 300.");
            return 2;
        }
        using var load = new SoakClient(new Uri(address));
        var span = TimeSpan.FromSeconds(options.Numbers("--seconds", "300")[0]);
        Console.WriteLine("| after | answered | left | half-open | slow | wrong | KV blocks | open files | threads "
            + "| heap, MiB | resident, MiB |\n"
            + "| --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |");
        var chance = new Random(0);
        for (var i = 0; i < InRow; i++) await load.AskAsync(chance);
        await PrintAsync("1,000 in a row", load);
        var start = Clock.Wall.Now();
        double Passed() => Clock.Wall.Now() - start;
        var clients = Enumerable.Range(1, Clients).Select(async seed =>
        {
            var dice = new Random(seed);
            while (Passed() < span.TotalSeconds) await load.ActAsync(dice);
        }).ToArray();
        SoakState? early = null;
        for (var row = 1; row <= Rows; row++)
        {
            var wait = span.TotalSeconds * row / Rows - Passed();
            if (wait > 0) await Task.Delay(TimeSpan.FromSeconds(wait), TimeProvider.System);
            var state = await PrintAsync(string.Create(CultureInfo.InvariantCulture, $"{Passed():F0} s"), load);
            if (row == 2) early = state;
        }
        await Task.WhenAll(clients);
        await load.SettleAsync();
        var end = await PrintAsync("the end", load);
        return Judge(load, early!, end);
    }

    private static int Judge(SoakClient load, SoakState early, SoakState end)
    {
        foreach (var wrong in load.Wrong.Take(10)) Console.WriteLine(wrong);
        var isFlat = end.ResidentMiB < early.ResidentMiB * 1.1 + 16;
        var isEmpty = end is { UsedBlocks: 0, Running: 0 };
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"\n{load.Wrong.Count} wrong answers, {end.UsedBlocks} blocks and {end.Running} sequences left, resident "
            + $"memory {end.ResidentMiB - early.ResidentMiB:+0.0;-0.0} MiB since the first fifth."));
        return load.Wrong.IsEmpty && isEmpty && isFlat ? 0 : 1;
    }

    private static async Task<SoakState> PrintAsync(string when, SoakClient load)
    {
        var state = await load.ReadAsync();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {when} | {load.Answered} | {load.Left} | {load.HalfOpen} | {load.Slow} | {load.Wrong.Count} | "
            + $"{state.UsedBlocks} | {state.OpenFiles} | {state.Threads} | {state.HeapMiB:F1} | "
            + $"{state.ResidentMiB:F1} |"));
        return state;
    }
}
