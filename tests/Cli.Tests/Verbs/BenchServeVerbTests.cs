using Minka.Cli.Measuring;
using Minka.LoadTest;
using static Minka.Cli.Tests.TestTerminal;

namespace Minka.Cli.Tests.Verbs;

/// <summary><c>bench serve</c>: what its command line means. What it measures is tested with its room.</summary>
public sealed class BenchServeVerbTests
{
    [Theory]
    [InlineData("--sweep-concurrency is '1,x'", "--sweep-concurrency", "1,x")]
    [InlineData("exclude each other; keep one.", "--sweep-concurrency", "1,2", "--request-rate", "3")]
    [InlineData("--sweep-concurrency sets --max-concurrency", "--sweep-concurrency", "1", "--max-concurrency", "2")]
    [InlineData("A rate is 'fast'; it takes requests per second above 0, or inf.", "--request-rate", "fast")]
    [InlineData("--goodput is 'itl:5'; it takes ttft:MS, tpot:MS and e2el:MS", "--goodput", "ttft:5", "itl:5")]
    [InlineData("--metadata is 'threads'; it takes NAME=VALUE.", "--metadata", "threads")]
    [InlineData("--percentile-metrics names 'ttfb'; it takes", "--percentile-metrics", "ttft,ttfb")]
    [InlineData("--dataset-path needs --dataset-name", "--dataset-path", "a.csv")]
    [InlineData("This data set is a file; name it with --dataset-path.", "--dataset-name", "trace")]
    [InlineData("--base-url says all that --host and --port say", "--base-url", "http://a")]
    [InlineData("--extra-body is '[]'; it takes a JSON object", "--extra-body", "[]")]
    [InlineData("This pattern needs a rate", "--arrivals", "burst", "--sweep-rate", "inf")]
    [InlineData("There is no option '--qps'", "--qps", "3")]
    public async Task What_makes_no_sense_is_answered_before_anything_is_measured(string part, params string[] args)
    {
        var (code, output, error) = await MinkaAsync(["bench", "serve", "--port", "9", .. args]);

        Assert.Equal((2, ""), (code, output));
        Assert.Contains(part, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_one_sentence()
    {
        var (code, _, error) = await MinkaAsync(["bench", "serve", "--port", "9"]);

        Assert.Equal(1, code);
        Assert.StartsWith("minka: The server at http://127.0.0.1:9/ does not say which model it has (", error,
            StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Help_says_how_it_is_called()
    {
        var (code, output, _) = await MinkaAsync(["bench", "serve", "--help"]);

        Assert.Equal(0, code);
        Assert.Contains("  minka bench serve [options]\n", output, StringComparison.Ordinal);
        Assert.Contains("  minka bench serve [options]\n", (await MinkaAsync(["bench", "--help"])).Out,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Saved_results_are_reported_again_side_by_side()
    {
        var folder = Directory.CreateTempSubdirectory("minka-bench").FullName;
        var (one, two) = (Path.Combine(folder, "one.json"), Path.Combine(folder, "two.json"));
        await File.WriteAllTextAsync(one, Result("one", 1, 30), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(two, Result("two", 2, 50), TestContext.Current.CancellationToken);

        var (code, output, _) = await MinkaAsync(["bench", "serve", "--from", one, "--from", two, "--compare", one,
            "--html", Path.Combine(folder, "page.html")]);

        Assert.Equal(0, code);
        Assert.Contains("| 1 user ", output, StringComparison.Ordinal);
        Assert.Contains("| 2 users ", output, StringComparison.Ordinal);
        Assert.Contains(" 1.00x ", output, StringComparison.Ordinal);
        Assert.Contains("<h1>", await File.ReadAllTextAsync(
            Path.Combine(folder, "page.html"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_tells_how_far_it_is_and_how_long_it_takes() => Assert.Equal(
        "4 users █████░░░░░░░░░░░░░░░ 25/100, 4 under way, 1 failed  60 tok/s  30 s left",
        LoadProgressLine.Describe("4 users", new LoadProgress(100, 29, 25, 1, 600, TimeSpan.FromSeconds(10))));

    private static string Result(string label, int users, double speed) => FormattableString.Invariant(
        $$"""
        {"label":"{{label}}","level":"{{(users == 1 ? "1 user" : $"{users} users")}}","closed_loop":true,
         "max_concurrency":{{users}},"request_rate":"inf","duration":10,"completed":5,"total_input_tokens":50,
         "total_output_tokens":{{speed * 10}},"median_ttft_ms":20,"median_tpot_ms":10,"mean_e2el_ms":100}
        """);
}
