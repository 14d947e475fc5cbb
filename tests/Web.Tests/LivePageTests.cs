using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Minka.Server.Tests;

namespace Minka.Web.Tests;

/// <summary>The live page, phones, and servers that refuse.</summary>
public sealed class LivePageTests(Browser browser)
{
    private const string Story = """
        {"messages":[{"role":"user","content":"Tell me a short story about a lighthouse."}],"stream":true,
         "ignore_eos":true,"max_tokens":200}
        """;

    [Fact]
    public async Task The_live_page_shows_a_request_while_it_is_answered_and_after_it_ended()
    {
        await using var server = await TinyServer.StartAsync(isStepped: true);
        await using var visit = await (await browser.OpenAsync($"{server.App.Address}live")).ReadyAsync();
        var page = visit.Page;
        using var client = new HttpClient { BaseAddress = server.App.Address };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(Story, Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
        };
        request.Headers.Add("x-request-id", "watched");
        server.Allow(8);
        using (var answer = await client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken))
        {
            var row = page.Locator("tr[data-id=watched]:has(.state:text-is('writing'))");
            await row.WaitForAsync();
            await page.WaitForFunctionAsync("""
                () => Number(document.querySelectorAll('.tile .figure')[2].innerText) >= 1
                    && !document.querySelector('#blocks h3 span:last-child').innerText.startsWith('0 in use')
                """);
            Assert.Contains("/v1/chat/completions", await row.InnerTextAsync(), StringComparison.Ordinal);
        }

        await page.Locator("tr.over[data-id=watched]").WaitForAsync();
        Assert.Contains("abort", await page.InnerTextAsync("tr.over[data-id=watched]"), StringComparison.Ordinal);
        Assert.Matches("First token made.*(ms|s)", await page.InnerTextAsync("#quantiles tr:nth-child(2)"));
        var samples = await page.Locator("#plot-tokens canvas").GetAttributeAsync("aria-label");
        Assert.StartsWith("Tokens per second", samples, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pointer_over_a_plot_reads_its_values()
    {
        await using var visit = await (await browser.OpenAsync("/live")).ReadyAsync();
        var box = (await visit.Page.Locator("#plot-batch canvas").BoundingBoxAsync())!;

        await visit.Page.Mouse.MoveAsync(box.X + box.Width - 9, box.Y + 80);

        var tip = visit.Page.Locator("#plot-batch .tip.shown");
        await tip.WaitForAsync();
        Assert.Contains("running", await tip.InnerTextAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/live")]
    public async Task Nothing_is_wider_than_a_phone(string path)
    {
        await using var visit = await (await browser.OpenAsync(path, 360, 740)).ReadyAsync();
        if (path == "/")
        {
            await FakeAnswer.WithTextAsync(visit.Page,
                $"{new string('w', 300)}\n\n```\n{new string('x', 300)}\n```\n\n| a | b | c |\n| - | - | - |\n"
                + $"| {new string('y', 90)} | {new string('z', 90)} | q |\n\n`{new string('k', 200)}`");
            await visit.AskAsync(new string('m', 200));
            await visit.AnswerAsync();
            await visit.Page.ClickAsync("#open-sidebar");
            Assert.True(await visit.Page.Locator("#new").IsVisibleAsync());
            await visit.Page.ClickAsync("#close-sidebar");
        }

        Assert.Equal(360, await visit.RunAsync<int>("() => document.documentElement.scrollWidth"));
        Assert.Equal(0, await visit.RunAsync<int>("""
            () => [...document.querySelectorAll('main button, main textarea, .tile, .panel')].filter(one => {
                const { right, width } = one.getBoundingClientRect(); return width > 0 && right > 361; }).length
            """));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/live")]
    public async Task A_server_with_a_key_is_given_it_and_the_key_leaves_with_the_tab(string path)
    {
        var keys = new List<string?>();
        await using var visit = await browser.OpenAsync(path, before: page => page.RouteAsync(
            new Regex("/v1/|/live\\.json"),
            async route =>
            {
                var key = await route.Request.HeaderValueAsync("authorization");
                keys.Add(key);
                if (key == "Bearer right") await route.ContinueAsync();
                else await route.FulfillAsync(new()
                {
                    Status = 401,
                    ContentType = "application/json",
                    Body = """{"error":{"message":"A key is needed.","type":"authentication_error"}}""",
                });
            }));
        visit.Expected = "401";
        var page = visit.Page;

        await page.FillAsync("#key-value", "wrong");
        await page.ClickAsync("#key .primary");
        await page.Locator("#key-wrong").WaitForAsync();
        await page.FillAsync("#key-value", "right");
        await page.ClickAsync("#key .primary");
        await visit.ReadyAsync();

        Assert.Equal([null, "Bearer wrong", "Bearer right"], keys.Take(3));
        Assert.Equal("right", await visit.RunAsync<string>("() => sessionStorage.getItem('minka.key')"));
        Assert.DoesNotContain("right", await visit.RunAsync<string>("() => JSON.stringify(localStorage)"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_server_is_said_to_be_full_and_can_be_asked_again()
    {
        await using var visit = await (await browser.OpenAsync()).ReadyAsync();
        visit.Expected = "429";
        await visit.Page.RouteAsync("**/v1/chat/completions", route => route.FulfillAsync(new()
        {
            Status = 429,
            ContentType = "application/json",
            Headers = new Dictionary<string, string> { ["retry-after"] = "3" },
            Body = """{"error":{"message":"256 requests wait and 256 may.","type":"rate_limit_error"}}""",
        }));
        await visit.AskAsync("What is 12 + 30?");
        var fault = visit.Page.Locator(".fault");
        await fault.WaitForAsync();
        Assert.Equal("256 requests wait and 256 may. It should be free in about 3 s.",
            await fault.Locator("span").InnerTextAsync());

        await visit.Page.UnrouteAllAsync();
        await fault.Locator("button").ClickAsync();

        await visit.Page.WaitForFunctionAsync(
            "() => document.querySelector('.assistant > .body').innerText.includes('42')");
        Assert.False(await fault.IsVisibleAsync());
    }
}
