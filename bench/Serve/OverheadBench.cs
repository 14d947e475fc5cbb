using System.Globalization;
using Minka.Bench.Kernels;

namespace Minka.Bench.Serve;

/// <summary><c>overhead MODEL</c>: the same requests through HTTP and straight into the same engine, in many short
/// rounds that take turns. What counts is the ratio within a pair of neighbours; a busy moment spoils one pair and not
/// the median. <c>--pairs FILE</c> keeps pairs, so that a long measurement can be made in pieces.</summary>
internal static class OverheadBench
{
    private const double WarmSeconds = 25;

    public static async Task<int> RunAsync(string[] args)
    {
        var options = new BenchOptions(args);
        if (args.FirstOrDefault(Path.Exists) is not { } path)
        {
            Console.Error.WriteLine("overhead needs a MODEL; --threads 2 --users 1,4,8 --asks 3 "
                + "--tokens 32 --seconds 40 --pairs FILE.");
            return 2;
        }
        var threads = options.Numbers("--threads", "2")[0];
        var tokens = options.Numbers("--tokens", "32")[0];
        var users = options.Numbers("--users", "1,4,8");
        var asks = options.Numbers("--asks", "3")[0];
        var kept = args.SkipWhile(arg => arg != "--pairs").Skip(1).FirstOrDefault();
        var seconds = options.Numbers("--seconds", "40")[0];
        await using var subject = await OverheadSubject.StartAsync(path, threads, users.Max());
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Path.GetFileName(path)}, {threads} threads, {subject.PromptTokens} tokens in, {tokens} out, "
            + $"{asks} streamed {(subject.IsChat ? "chats" : "completions")} a user in a round\n\n"
            + $"| users | pairs | engine, tokens/s | HTTP, tokens/s | overhead, median | 95 % interval "
            + $"| of the fastest quarter | 95 % interval |\n| --: | --: | --: | --: | --: | --: | --: | --: |"));
        foreach (var count in users)
        {
            var round = new OverheadRound(count, asks, tokens);
            await PairsAsync(subject, round, WarmSeconds);
            var pairs = await PairsAsync(subject, round, seconds);
            Print(round, kept is null ? pairs : Kept(kept, round, pairs));
        }
        return 0;
    }

    /// <summary>Rounds of both, the first of a pair in turn.</summary>
    private static async Task<List<(double Bare, double Http)>> PairsAsync(
        OverheadSubject subject, OverheadRound round, double seconds)
    {
        var pairs = new List<(double Bare, double Http)>();
        for (var end = Clock.Wall.Now() + seconds; Clock.Wall.Now() < end;)
        {
            var isBareFirst = pairs.Count % 2 == 0;
            var first = await subject.TimeAsync(round, overHttp: !isBareFirst, pairs.Count);
            var second = await subject.TimeAsync(round, overHttp: isBareFirst, pairs.Count);
            pairs.Add(isBareFirst ? (first, second) : (second, first));
        }
        return pairs;
    }

    /// <summary>Adds pairs to a file; those of it that were measured in the same way.</summary>
    private static List<(double Bare, double Http)> Kept(
        string path, OverheadRound round, List<(double Bare, double Http)> pairs)
    {
        string[] key = [$"{round.Users}", $"{round.Asks}", $"{round.Tokens}"];
        File.AppendAllLines(path, pairs.Select(pair => string.Create(CultureInfo.InvariantCulture,
            $"{string.Join(',', key)},{pair.Bare:F6},{pair.Http:F6}")));
        return [.. File.ReadLines(path).Select(line => line.Split(',')).Where(line => key.SequenceEqual(line.Take(3)))
            .Select(line => (double.Parse(line[3], CultureInfo.InvariantCulture),
                double.Parse(line[4], CultureInfo.InvariantCulture)))];
    }

    private static void Print(OverheadRound round, List<(double Bare, double Http)> pairs)
    {
        double Rate(IEnumerable<double> seconds) =>
            round.Users * round.Asks * round.Tokens / Quantile(seconds, 0.5);
        var (ratio, low, high) = Interval(pairs, sample =>
            Quantile(sample.Select(pair => pair.Http / pair.Bare), 0.5));
        // What disturbs a round makes it slower, never faster: the fastest quarter was disturbed least.
        var (calm, calmLow, calmHigh) = Interval(pairs, sample =>
            Quantile(sample.Select(pair => pair.Http), 0.25) / Quantile(sample.Select(pair => pair.Bare), 0.25));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {round.Users} | {pairs.Count} | {Rate(pairs.Select(pair => pair.Bare)):F1} | "
            + $"{Rate(pairs.Select(pair => pair.Http)):F1} | {ratio - 1:P2} | {low - 1:P2} to {high - 1:P2} | "
            + $"{calm - 1:P2} | {calmLow - 1:P2} to {calmHigh - 1:P2} |"));
    }

    /// <summary>A statistic, and where it lies 95 times in 100 when pairs are drawn again (a bootstrap).</summary>
    private static (double Value, double Low, double High) Interval(
        List<(double Bare, double Http)> pairs, Func<(double Bare, double Http)[], double> statistic)
    {
        var chance = new Random(1);
        (double Bare, double Http)[] all = [.. pairs];
        double[] drawn = [.. Enumerable.Range(0, 1000).Select(_ => statistic(chance.GetItems(all, all.Length)))];
        return (statistic(all), Quantile(drawn, 0.025), Quantile(drawn, 0.975));
    }

    private static double Quantile(IEnumerable<double> values, double at)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(int)Math.Round(at * (sorted.Length - 1))];
    }
}
