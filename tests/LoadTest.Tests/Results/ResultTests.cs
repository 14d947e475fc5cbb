using System.Text.Json;
using Minka.LoadTest.Arrivals;
using Minka.LoadTest.Client;
using Minka.LoadTest.Report;
using Minka.LoadTest.Results;
using static Minka.LoadTest.Tests.Results.SampleRuns;

namespace Minka.LoadTest.Tests.Results;

/// <summary>From requests to numbers, and those to files and tables.</summary>
public sealed class ResultTests
{
    [Fact]
    public void Percentiles_are_those_of_NumPy()
    {
        // numpy.percentile([1, 2, 3, 4], [50, 90, 99]) and numpy.std.
        var distribution = Distribution.OfSeconds([0.004, 0.001, 0.003, 0.002], [90, 99]);

        Assert.Equal((2.5, 2.5, 1.118), (distribution.Mean, distribution.Median, Math.Round(distribution.Std, 3)));
        Assert.Equal([3.7, 3.97], distribution.Percentiles.Select(entry => Math.Round(entry.Value, 9)));
    }

    [Fact]
    public void A_level_is_summed_up()
    {
        var failure = new Failure(FailureKind.ServerError, "500");
        var outcome = new LevelOutcome(LoadLevel.Users(2),
            [Request(0), Request(0.5, gap: 0.05), Request(1, ttft: 0.3), Request(1.5, failure: failure)], 4, false);

        var summary = LevelSummary.Of(outcome, Targets, [99]);

        Assert.Equal((3, 1, 60, 33), (summary.Completed, summary.Failed, summary.InputTokens, summary.OutputTokens));
        Assert.Equal((0.75, 8.25), (summary.RequestThroughput, summary.OutputThroughput));
        Assert.Equal((0.25, 0.25), (summary.Goodput, summary.Attainment)); // one of four within 150 and 40 ms
        Assert.Equal(100, summary.Ttft.Median, 6);
        Assert.Equal(30, summary.Tpot.Median, 6);
        Assert.Equal(2, summary.PeakConcurrency);
        Assert.Equal(new FailureCount("5xx server error", 1, "500"), Assert.Single(summary.Failures));
    }

    [Fact]
    public void Tokens_of_each_second_add_up_to_all()
    {
        var seconds = Timelines.TokensPerSecond([Request(0.85, gap: 0.2), Request(5)]);

        Assert.Equal(22, seconds.Sum(), 9);
        Assert.Equal([1, 5, 5, 0, 0, 11], seconds.Select(tokens => Math.Round(tokens, 6)));
    }

    [Theory]
    [InlineData(1000, 1), InlineData(10, 1), InlineData(9.9, 0.5), InlineData(5, 0.5), InlineData(4.9, 0.2)]
    [InlineData(1.9, 0.1), InlineData(0.37, 0.02), InlineData(0.01, 0.001), InlineData(0, 1e-6)]
    public void A_short_run_is_seen_in_ten_steps_or_more(double duration, double step) =>
        Assert.Equal(step, Timelines.StepOf(duration), 9);

    [Fact]
    public void Shorter_steps_are_tokens_per_second_too()
    {
        var request = Request(0.05) with { Gaps = [0.2, 0.2, 0.2], OutputTokens = 4 };

        Assert.Equal([0, 10, 0, 10, 0, 10, 0, 10],
            Timelines.TokensPerSecond([request], 0.1).Select(rate => Math.Round(rate, 6)));
    }

    [Fact]
    public void The_knee_and_the_limit_of_a_sweep_are_found()
    {
        var findings = Sweep().Findings;

        Assert.Equal("2 req/s", findings.Knee?.Name);
        Assert.True(findings.IsKneeInside);
        Assert.Equal(("2 req/s", "4 req/s"), (findings.Best?.Name, findings.FirstFailed?.Name));
        Assert.Equal(2.2, findings.RateMax!.Value, 6); // from 100 % at 2 to 0 % at 4, 90 % is a tenth of the way
    }

    [Fact]
    public void A_level_that_fails_hides_higher_ones_that_pass()
    {
        var good = Level(new(new GammaArrivals(9), null), 0.1, 0.01, 9);
        var report = Sweep() with { Levels = [.. Sweep().Levels, good] };

        Assert.Equal("2 req/s", report.Findings.Best?.Name);
    }

    [Theory]
    [InlineData("ttft:200", "TTFT ≤ 200 ms")]
    [InlineData("ttft:200,tpot:50.5", "TTFT ≤ 200 ms, TPOT ≤ 50.5 ms")]
    [InlineData("e2el:5000", "E2EL ≤ 5000 ms")]
    public void Targets_are_read_as_vLLM_reads_them(string text, string expected) =>
        Assert.Equal(expected, Slo.Parse([text])?.ToString());

    [Theory]
    [InlineData("ttft")]
    [InlineData("ttft:fast")]
    [InlineData("ttft:-1")]
    [InlineData("itl:5")]
    public void Other_targets_are_refused(string text) =>
        Assert.Contains($"'{text}'",
            Assert.Throws<LoadTestException>(() => Slo.Parse([text])).Message, StringComparison.Ordinal);

    [Fact]
    public void Json_has_the_keys_of_vLLM()
    {
        var report = new LoadReport(Setting("minka"), [Sweep().Levels[1]]);

        using var json = JsonDocument.Parse(ReportJson.Write(report, isDetailed: true));

        var root = json.RootElement;
        Assert.Equal((20, 0), (Int("completed"), Int("failed")));
        Assert.Equal((400, 220), (Int("total_input_tokens"), Int("total_output_tokens")));
        Assert.Equal((10.0, 2.0, 2.0, 22.0), (Number("duration"), Number("request_throughput"),
            Number("request_goodput"), Number("output_throughput")));
        Assert.Equal((120, 120), (Number("mean_ttft_ms"), Number("median_ttft_ms")));
        Assert.Equal((0, 120), (Number("std_ttft_ms"), Number("p99_ttft_ms")));
        Assert.Equal((30, 30, 420), (Number("p90_tpot_ms"), Number("mean_itl_ms"), Number("median_e2el_ms")));
        Assert.Equal(("20261121-123000", "2", 2.0), (root.GetProperty("date").GetString(),
            root.GetProperty("threads").GetString(), Number("request_rate")));
        Assert.All(new[] { "input_lens", "output_lens", "ttfts", "itls", "start_times", "errors" },
            key => Assert.Equal(20, root.GetProperty(key).GetArrayLength()));

        int Int(string key) => root.GetProperty(key).GetInt32();
        double Number(string key) => Math.Round(root.GetProperty(key).GetDouble(), 6);
    }

    [Fact]
    public void What_was_sent_once_more_is_written_and_read_again()
    {
        var report = Sweep();
        var level = report.Levels[0] with { Summary = report.Levels[0].Summary with { Resent = 3 } };

        var read = ReportFile.Read(Written(ReportJson.Write(report with { Levels = [level] }, false)));

        Assert.Equal(3, read.Levels[0].Summary.Resent);
        Assert.Contains("""<td class="bad">3</td><td class="text">sent once more</td>""", HtmlReport.Write(read),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_written_is_read_again(bool isDetailed)
    {
        var report = Sweep();

        var read = ReportFile.Read(Written(ReportJson.Write(report, isDetailed)));

        Assert.Equal(ReportJson.Write(report with { Setting = report.Setting with { Metadata = [] } }, isDetailed),
            ReportJson.Write(read, isDetailed));
        Assert.Equal(isDetailed ? 20 : 0, read.Levels[3].Requests.Count);
    }

    [Fact]
    public void A_file_of_vLLM_is_read()
    {
        var report = ReportFile.Read(Written(
            """
            {"date":"20260101-000000","backend":"vllm","label":null,"model_id":"m","num_prompts":2,
             "request_rate":"inf","burstiness":1.0,"max_concurrency":4,"duration":2.0,
             "completed":2,"failed":0,"total_input_tokens":10,
             "total_output_tokens":6,"request_throughput":1.0,"request_goodput":null,"output_throughput":3.0,
             "mean_ttft_ms":10.0,"median_ttft_ms":10.0,"std_ttft_ms":0.0,"p99_ttft_ms":12.0,"mean_tpot_ms":5.0,
             "median_tpot_ms":5.0,"std_tpot_ms":0,"p99_tpot_ms":5.5,"input_lens":[5,5],"output_lens":[3,3],
             "ttfts":[0.01,0.01],"itls":[[0.005,0.005],[0.005,0.005]],"start_times":[1000.5,1001.5],"errors":["",""]}
            """));

        var level = Assert.Single(report.Levels);
        Assert.Equal(("4 users", null, 4), (level.Name, level.Rate, level.ConcurrencyMax));
        Assert.Equal(12, level.Summary.Ttft.At(99));
        Assert.Equal([0, 1], level.Requests.Select(request => request.SentAt));
        Assert.Equal(0.005, level.Requests[1].Tpot, 9);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("nothing")]
    [InlineData("{\"sweep\":[]}")]
    [InlineData("{\"duration\":\"long\"}")]
    public void A_file_of_something_else_is_refused(string text) =>
        Assert.Throws<LoadTestException>(() => ReportFile.Read(Written(text)));

    [Fact]
    public void The_table_reads_as_that_of_vLLM()
    {
        var table = ResultTable.Level(Sweep().Levels[1], ["ttft", "tpot"]);

        Assert.Contains("Successful requests:                        20\n", table, StringComparison.Ordinal);
        Assert.Contains("Output token throughput (tok/s):            22.00\n", table, StringComparison.Ordinal);
        Assert.Contains("Median TTFT (ms):                           120.00\n", table, StringComparison.Ordinal);
        Assert.Contains("P99 TPOT (ms):                              30.00\n", table, StringComparison.Ordinal);
        Assert.DoesNotContain("ITL", table, StringComparison.Ordinal);
        Assert.All(table.TrimEnd().Split('\n').Where(line => line[0] is '=' or '-'),
            line => Assert.Equal(60, line.Length));
    }

    [Fact]
    public void A_comparison_pairs_levels_of_the_same_load()
    {
        var (one, two) = (Sweep(), Sweep("other"));
        two = two with { Levels = [.. two.Levels.Skip(1), Level(LoadLevel.Users(1), 1, 1, 1)] };

        var pairs = LevelPair.Of(one, two);

        Assert.Equal(["2 req/s", "4 req/s", "8 req/s"], pairs.Select(pair => pair.Level.Name));
        Assert.All(pairs, pair => Assert.Equal((1, 1, 1), (pair.ThroughputRatio, pair.TtftRatio, pair.TpotRatio)));
        Assert.Contains("| 2 req/s |", ResultTable.Comparison(one, two), StringComparison.Ordinal);
    }

    [Fact]
    public void Rounds_of_one_load_are_one_level()
    {
        var slow = LevelResult.Of(new(LoadLevel.Users(2), [Request(0), Request(0, ttft: 0.3)], 2, false), null, [99]);
        var fast = LevelResult.Of(new(LoadLevel.Users(2), [Request(0), Request(1)], 1, false), null, [99]);
        var other = LevelResult.Of(new(LoadLevel.Users(1), [Request(0)], 1, false), null, [99]);

        var levels = Rounds.Pool([slow, other, fast], null);

        Assert.Equal(["1 user", "2 users"], levels.Select(level => level.Name));
        var both = levels[1];
        Assert.Equal((4, 3), (both.Summary.Completed, both.Summary.Duration));
        Assert.Equal(4 * 11 / 3.0, both.Summary.OutputThroughput, 9);
        Assert.Equal(100, both.Summary.Ttft.Median, 6);
        Assert.Equal([0, 0, 2, 3], both.Requests.Select(request => request.PlannedAt)); // the second begins at 2 s
    }

    [Fact]
    public void Levels_without_their_requests_stay_apart()
    {
        var level = LevelResult.Of(new(LoadLevel.Users(2), [Request(0)], 2, false), null, [99]) with { Requests = [] };

        Assert.Equal(2, Rounds.Pool([level, level], null).Count);
    }

    private static string Written(string text)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("minka-result").FullName, "result.json");
        File.WriteAllText(path, text);
        return path;
    }
}
