using System.Text.Json.Nodes;

namespace Minka.Web.Tests;

/// <summary>Ranks and links on the live page, of a cluster that this test makes up; where they come from is tried with
/// real workers in Cli.Tests.</summary>
public sealed class ClusterPanelTests(Browser browser)
{
    private const string Cluster = """
        {"model":"minka-tiny","ranks":[
          {"rank":0,"address":"pi1:9000","state":"running","problem":"","stage":0,"layerFirst":0,"layerEnd":3,
           "memory":104857600,"weights":3145728,"kv":1048576,"stepsPerSecond":40,"tokensPerSecond":123.4,
           "computing":0.5,"waiting":0.25,"moving":0.05,"reducing":0.01},
          {"rank":1,"address":"<b>pi2</b>:9000","state":"silent","problem":"Connection refused","stage":1,
           "layerFirst":3,"layerEnd":4,"memory":0,"weights":0,"kv":0,"stepsPerSecond":0,"tokensPerSecond":0,
           "computing":0,"waiting":0,"moving":0,"reducing":0}],
         "links":[
          {"from":0,"to":1,"rtt":0.000184,"sent":2500000,"received":1200,"waitP50":0.00025,"waitP99":0.012,"resent":3},
          {"from":0,"to":null,"rtt":0.0002,"sent":10,"received":20,"waitP50":null,"waitP99":null,"resent":0}]}
        """;

    [Fact]
    public async Task Ranks_and_links_are_shown_where_a_model_runs_on_several_machines()
    {
        await using var visit = await OpenAsync(Cluster);
        var panel = visit.Page.Locator("#cluster");
        await panel.WaitForAsync();

        var first = await panel.Locator("[data-rank='0']").InnerTextAsync();
        var second = await panel.Locator("[data-rank='1']").InnerTextAsync();
        var bar = panel.Locator("[data-rank='0'] .shares");
        var widths = await bar.Locator("i").EvaluateAllAsync<double[]>(
            "(parts) => parts.map(one => one.getBoundingClientRect().width / one.parentNode.clientWidth)");
        var links = await panel.Locator("#links tbody tr").AllInnerTextsAsync();

        Assert.Contains("Stage 0, layers 0 to 2", first, StringComparison.Ordinal);
        Assert.Contains("50 % computing, 123 tok/s", first, StringComparison.Ordinal);
        Assert.Contains("100 MiB: weights 3 MiB, cache 1 MiB", first, StringComparison.Ordinal);
        Assert.Contains("<b>pi2</b>:9000", second, StringComparison.Ordinal);
        Assert.Contains("layer 3", second, StringComparison.Ordinal);
        Assert.Contains("Connection refused", second, StringComparison.Ordinal);
        Assert.Equal(
            "50 % computing, 25 % waiting, 5 % moving, 1 % reducing", await bar.GetAttributeAsync("aria-label"));
        foreach (var (due, width) in new[] { 0.5, 0.25, 0.05, 0.01 }.Zip(widths)) Assert.Equal(due, width, 0.01);
        Assert.Equal(
            ["rank 0 – rank 1 184 µs 2.5 MB/s 1.2 kB/s 250 µs 12 ms 3", "rank 0 – root 200 µs 0.01 kB/s 0.02 kB/s 0"],
            links.Select(link => string.Join(' ', link.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries))));
    }

    [Fact]
    public async Task One_machine_shows_no_ranks()
    {
        await using var visit = await OpenAsync("null");

        await visit.ReadyAsync();

        Assert.False(await visit.Page.Locator("#cluster").IsVisibleAsync());
    }

    private async Task<Visit> OpenAsync(string cluster) => await browser.OpenAsync(
        "/live", before: page => page.RouteAsync("**/live.json**", async route =>
        {
            var answer = await route.FetchAsync();
            var live = JsonNode.Parse(await answer.TextAsync())!;
            live["cluster"] = JsonNode.Parse(cluster);
            await route.FulfillAsync(new() { Response = answer, Body = live.ToJsonString() });
        }));
}
