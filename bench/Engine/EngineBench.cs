using System.Diagnostics;
using Minka.Bench.Kernels;

namespace Minka.Bench.Engine;

/// <summary><c>engine MODEL...</c>: every row that is promised of the engine, for each model, as one table. What was
/// measured is kept in a record; after <c>--seconds</c> no row is begun, and the same command goes on.</summary>
internal static class EngineBench
{
    private sealed record Row(
        string Name, string Wanted, Func<EngineMeasures, string> What, Func<EngineMeasures, Task<double>> MeasureAsync);

    private static readonly Row[] _rows =
    [
        new("users", "at least 3", _ => $"{EngineMeasures.Users} users, times the tokens/s of one",
            of => of.UsersAsync()),
        new("prefix", "at most 0.15",
            of => $"a second prompt with the same {of.PrefixLength:N0} tokens: time to the first token, times the "
                + "first",
            of => of.PrefixAsync()),
        new("stall", "below 2", of => $"longest gap of other streams beside a prompt of {of.LongLength:N0} tokens, "
            + $"in mean chunks of {EngineMeasures.Chunk}", of => of.StallAsync()),
        new("copy", "at least 1.8",
            _ => "n-gram guesses, questions asked a second time in one chat: tokens/s, times without",
            of => of.CopyAsync()),
        new("nonsense", "at least 0.95", _ => "n-gram guesses on a text without sense: tokens/s, times without",
            of => of.NonsenseAsync()),
        new("wrong", "at least 0.95", _ => "guesses of which none is ever right: tokens/s, times without",
            of => of.WrongAsync()),
        new("masks", "at least 0.95", _ => "strings in JSON: tokens/s, times without", of => of.MasksAsync()),
    ];

    public static async Task<int> RunAsync(string[] args)
    {
        var options = new BenchOptions(args);
        var only = options.Text("--only", "");
        // Values of options, such as a record that is there already, are no models.
        var paths = args.Where((arg, i) =>
            Path.Exists(arg) && (i == 0 || !args[i - 1].StartsWith("--", StringComparison.Ordinal))).ToArray();
        if (paths.Length == 0)
        {
            Console.Error.WriteLine("engine needs a MODEL or several; --threads 2 --tokens 32 --out FILE "
                + $"--record FILE --seconds N --only {string.Join('|', _rows.Select(row => row.Name))}|scheduler.");
            return 2;
        }
        var record = new EngineRecord(options.Text("--record", ""));
        var (start, seconds) = (Stopwatch.GetTimestamp(), options.Numbers("--seconds", "1000000")[0]);
        bool HasTime() => Stopwatch.GetElapsedTime(start).TotalSeconds < seconds;

        foreach (var path in paths)
        {
            using var measures = new EngineMeasures(
                path, options.Numbers("--threads", "2")[0], options.Numbers("--tokens", "32")[0]);
            record.Machine = measures.Machine;
            foreach (var row in _rows.Where(row => only is "" || only == row.Name))
            {
                if (record.Has(row.What(measures), measures.Name)) continue;
                if (!HasTime()) return Left();
                record.Add(row.What(measures), row.Wanted, measures.Name, await row.MeasureAsync(measures));
            }
        }
        if (only is "" or "scheduler" && !record.Has(SchedulerBench.What, EngineRecord.Any))
        {
            if (!HasTime()) return Left();
            var cost = SchedulerBench.Measure();
            record.Add(SchedulerBench.What, "below 50", EngineRecord.Any, cost.Median);
            record.Add(SchedulerBench.WhatBytes, "0", EngineRecord.Any, cost.Bytes);
        }

        Console.WriteLine(record.Table);
        if (options.Text("--out", "") is { Length: > 0 } file) await File.WriteAllTextAsync(file, record.Table);
        return 0;
    }

    private static int Left()
    {
        Console.WriteLine("Rows are left; call again.");
        return 0;
    }
}
