using System.Diagnostics;
using System.Globalization;
using System.Text;
using Minka.Bench.Kernels;
using Minka.Bench.Models.Table;
using Minka.Compute.Cpu;

namespace Minka.Bench.Models;

/// <summary>
/// <c>table --peer STARTER</c>: every row that is promised, ours and the peer's programs taking turns. What was
/// measured is kept in a record; with <c>--seconds</c> it stops before the time is over and goes on when called again.
/// </summary>
internal static class TableBench
{
    private const string Preface =
        """
        Medians over rounds in which whole programs took turns on the same file and threads, llama.cpp with the backend
        it chooses and default options. A ratio says how many times as fast Minka is; "must" is what issue 4 asks for.
        Models named by a shape have random weights, which cost the same. Written by one command, which goes on where it
        was stopped:

            ../shared/peers/llamacpp /tmp/llamacpp
            dotnet run -c Release --project bench -- table --peer /tmp/llamacpp/run --out FILE [--seconds N]
        """;

    public static int Run(string[] args)
    {
        var options = new BenchOptions(args);
        if (!File.Exists(options.Text("--peer", "")))
        {
            Console.Error.WriteLine("table needs --peer, the starter that ../shared/peers/llamacpp writes; --out FILE "
                + "--files DIR --record FILE --pieces A,B --rounds 5 --seconds N --minka PROGRAM.");
            return 2;
        }
        var wanted = options.Text("--pieces", "");
        var plan = new TablePlan(options).Pieces().ToArray();
        var chosen = plan.Where(piece => wanted.Length == 0 || wanted.Split(',').Contains(piece.Name)).ToArray();
        var record = new TableRecord(options.Text("--record", "artifacts/bench/table.tsv"));
        var left = Measure(chosen, record, options.Numbers("--seconds", "1000000")[0]);
        if (left > 0) Console.WriteLine($"{left} rounds are left; call again.");
        var text = Report(record, plan);
        if (options.Text("--out", "") is { Length: > 0 } path) File.WriteAllText(path, text);
        else Console.WriteLine(text);
        return 0;
    }

    private static int Measure(TablePiece[] pieces, TableRecord record, int secondsMax)
    {
        var start = Stopwatch.GetTimestamp();
        var left = 0;
        foreach (var piece in pieces)
        {
            double seconds = piece.SecondsAbout;
            for (var round = record.RoundsOf(piece.Name); round < piece.Rounds; round++)
            {
                var began = Stopwatch.GetElapsedTime(start).TotalSeconds;
                if (began + seconds > secondsMax)
                {
                    left += piece.Rounds - round;
                    break;
                }
                record.Add(piece.Name, [.. piece.RunRound()]);
                seconds = Stopwatch.GetElapsedTime(start).TotalSeconds - began;
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{piece.Name} {round + 1}/{piece.Rounds}: {seconds:F0} s"));
            }
        }
        return left;
    }

    private static string Report(TableRecord record, TablePiece[] plan)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"# Everything beside llama.cpp: {Contender.MachineName()}, {CpuInfo.Read().Tier}");
        text.AppendLine().AppendLine(Preface);
        foreach (var section in record.Rows(plan))
        {
            var columns = section.Key.Count(c => c == '|') - 1;
            text.AppendLine().AppendLine(section.Key.TrimEnd('|') + "| rounds |");
            text.AppendLine("|" + string.Concat(Enumerable.Repeat(" --- |", columns + 1)));
            foreach (var row in section)
            {
                var left = PeerBench.Median([.. row.Select(sample => sample.Left)]);
                var right = PeerBench.Median([.. row.Select(sample => sample.Right)]);
                text.AppendLine(CultureInfo.InvariantCulture, $"| {row[0].Row} | {Digits(left)} | {Digits(right)} | "
                    + $"{left / right:F2} | {row[0].Must} | {row.Length} |");
            }
        }
        return text.ToString();
    }

    private static string Digits(double value) =>
        value.ToString(value >= 1000 ? "F0" : value >= 10 ? "F1" : "F2", CultureInfo.InvariantCulture);
}
