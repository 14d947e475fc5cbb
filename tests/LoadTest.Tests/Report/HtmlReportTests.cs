using System.Text.RegularExpressions;
using Minka.LoadTest.Client;
using Minka.LoadTest.Report;
using Minka.LoadTest.Results;
using Minka.LoadTest.Tests.Results;

namespace Minka.LoadTest.Tests.Report;

/// <summary>The page stands alone, says what it shows, and lets nothing in.</summary>
public sealed partial class HtmlReportTests
{
    [Fact]
    public void The_page_loads_and_runs_nothing()
    {
        var page = HtmlReport.Write(SampleRuns.Sweep());

        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("src=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("@import", page, StringComparison.Ordinal);
        Assert.DoesNotContain("url(", page, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
    }

    [Fact]
    public void What_servers_call_themselves_is_text() => Assert.Contains(
        "&lt;script&gt;alert(1)&lt;/script&gt;", HtmlReport.Write(SampleRuns.Sweep()), StringComparison.Ordinal);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_picture_has_a_title_and_a_description_of_its_own(bool isCompared)
    {
        var page = HtmlReport.Write(SampleRuns.Sweep(), isCompared ? SampleRuns.Sweep("other") : null);

        var pictures = Picture().Matches(page);
        Assert.True(pictures.Count >= 11);
        Assert.All(pictures, picture => Assert.Matches(
            "<title id=\"[^\"]+\">[^<]+</title><desc id=\"[^\"]+\">[^<]+</desc>",
            page[picture.Index..(picture.Index + 3000)]));
        var ids = Id().Matches(page).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.DoesNotContain("NaN", page, StringComparison.Ordinal);
        Assert.DoesNotContain("∞", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_runs_stand_side_by_side()
    {
        var page = HtmlReport.Write(SampleRuns.Sweep("ours"), SampleRuns.Sweep("theirs"));

        Assert.Contains("<h1><span class=\"run\">ours</span> beside <span class=\"other\">theirs</span></h1>", page,
            StringComparison.Ordinal);
        Assert.Contains("a ratio above 1 says that ours is better", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_level_where_all_failed_is_drawn_too()
    {
        var failed = SampleRuns.Request(0, failure: new(FailureKind.Timeout, "no end after 5 s"));
        var outcome = new LevelOutcome(LoadLevel.Users(1), [failed], 5, false);

        var page = HtmlReport.Write(new(SampleRuns.Setting("x"), [LevelResult.Of(outcome, SampleRuns.Targets, [99])]));

        Assert.Contains("timed out (no end after 5 s)", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.7, new[] { 0, 0.2, 0.4, 0.6, 0.8 })]
    [InlineData(1, new[] { 0, 0.2, 0.4, 0.6, 0.8, 1 })]
    [InlineData(37, new[] { 0.0, 10, 20, 30, 40 })]
    [InlineData(0, new[] { 0, 0.2, 0.4, 0.6, 0.8, 1 })]
    public void Ticks_are_round(double largest, double[] ticks) =>
        Assert.Equal(ticks, Axis.FromZero(largest).Ticks.Select(tick => Math.Round(tick, 9)));

    [Fact]
    public void An_axis_of_factors_spans_its_values()
    {
        var axis = Axis.Log([3, 700]);

        Assert.Equal([10, 100, 1000], axis.Ticks.Select(tick => Math.Round(tick, 9)));
        Assert.InRange(axis.Place(3), 0, 0.2);
        Assert.InRange(axis.Place(700), 0.8, 1);
        Assert.Equal(axis.Place(30) - axis.Place(3), axis.Place(300) - axis.Place(30), 9);
    }

    [GeneratedRegex("<svg viewBox=\"[^\"]*\" role=\"img\"|<svg class=\"chart\"")]
    private static partial Regex Picture();

    [GeneratedRegex(" id=\"([^\"]+)\"")]
    private static partial Regex Id();
}
