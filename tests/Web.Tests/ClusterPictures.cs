using System.Text;
using Microsoft.Playwright;

namespace Minka.Web.Tests;

/// <summary>Takes pictures of the live page of a server on real workers; <c>docs/pictures/take-cluster</c> starts
/// them.</summary>
public sealed class ClusterPictures(Browser browser)
{
    private static readonly string _folder = Environment.GetEnvironmentVariable("MINKA_PICTURES") ?? "";
    private static readonly string _url = Environment.GetEnvironmentVariable("MINKA_URL") ?? "";

    [Fact(Explicit = true)]
    public async Task Pictures_are_taken_of_ranks_and_links_by_day_and_by_night()
    {
        Assert.NotEmpty(_folder);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var load = Task.WhenAll(Enumerable.Range(0, 3).Select(user => AskForeverAsync(user, ending.Token)));
        foreach (var (name, colours, width) in new[]
        {
            ("live-cluster-light", ColorScheme.Light, 1280), ("live-cluster-dark", ColorScheme.Dark, 1280),
            ("live-cluster-phone", ColorScheme.Dark, 390),
        })
        {
            await using var visit = await (await browser.OpenAsync($"{_url}/live", width, 900, colours)).ReadyAsync();
            var panel = visit.Page.Locator("#cluster");
            // The second look at the ranks is the first that has rates.
            await visit.Page.WaitForFunctionAsync(
                "() => [...document.querySelectorAll('#ranks .shares i')].some(one => one.clientWidth > 2)");
            await panel.ScreenshotAsync(new() { Path = Path.Combine(_folder, name + ".png") });
        }
        await ending.CancelAsync();
        await load.ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    private static async Task AskForeverAsync(int user, CancellationToken cancellation)
    {
        using var client = new HttpClient { BaseAddress = new Uri(_url), Timeout = TimeSpan.FromMinutes(2) };
        for (var turn = 0; ; turn++)
        {
            var body = $$"""
                {"messages":[{"role":"user","content":"Tell me a story about a lighthouse."}],
                 "ignore_eos":true,"max_tokens":{{60 + 20 * user}},"seed":{{turn}},"temperature":1}
                """;
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync("/v1/chat/completions", content, cancellation);
        }
    }
}
