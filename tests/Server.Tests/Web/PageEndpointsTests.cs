using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Minka.Server.Web;

namespace Minka.Server.Tests.Web;

public sealed class PageEndpointsTests(TinyServer server)
{
    [Theory]
    [InlineData("/", "text/html; charset=utf-8")]
    [InlineData("/live", "text/html; charset=utf-8")]
    [InlineData("/ui/js/chat.js", "text/javascript; charset=utf-8")]
    [InlineData("/ui/icons.svg", "image/svg+xml")]
    public async Task A_file_is_sent_once_and_then_known_by_its_tag(string path, string type)
    {
        using var first = await GetAsync(path);
        using var second = await GetAsync(path, first.Headers.ETag);

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal(type, first.Content.Headers.ContentType?.ToString());
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Empty(await second.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Pages_may_run_their_own_scripts_only()
    {
        using var page = await GetAsync("/");

        var policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_asks_for_no_page_is_told_what_ollama_says()
    {
        Assert.Equal("Ollama is running",
            await server.Client.GetStringAsync("/", TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("/ui/")]
    [InlineData("/ui/../Minka.Server.dll")]
    [InlineData("/ui/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/ui/js/none.js")]
    public async Task What_is_no_file_of_the_pages_is_not_found(string path)
    {
        using var response = await GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public void Every_file_that_a_file_names_is_there()
    {
        foreach (var (path, file) in PageFiles.All)
        {
            var text = System.Text.Encoding.UTF8.GetString(file.Bytes);
            foreach (Match match in Regex.Matches(text, "\"/ui/([^\"#]+)"))
                Assert.True(PageFiles.All.ContainsKey(match.Groups[1].Value), $"{path} names {match.Groups[1].Value}");
            foreach (Match match in Regex.Matches(text, "from \"\\./([^\"]+)\""))
                Assert.True(PageFiles.All.ContainsKey("js/" + match.Groups[1].Value), $"{path}: {match.Value}");
            foreach (Match match in Regex.Matches(text, "id=\"([^\"]+)\"").Where(_ => path.EndsWith(".html")))
                Assert.Single(Regex.Matches(text, $"id=\"{match.Groups[1].Value}\""));
            Assert.DoesNotContain("innerHTML =", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_live_view_tells_of_a_request_once_it_has_ended()
    {
        await using var own = new TinyServer(new ServerOptions());
        await own.InitializeAsync();
        var (_, answer) = await own.PostAsync("/v1/chat/completions",
            """{"messages":[{"role":"user","content":"What is 7 + 8?"}]}""");
        await own.SettleAsync();

        var live = await LiveAsync(own, "/live.json");
        var later = await LiveAsync(own, $"/live.json?ended={live["ended"]!["next"]}");

        var ended = Assert.Single(live["ended"]!["items"]!.AsArray())!;
        Assert.Equal("/v1/chat/completions", (string?)ended["route"]);
        Assert.Equal("stop", (string?)ended["finish"]);
        Assert.Equal((int)answer["usage"]!["completion_tokens"]!, (int)ended["generated"]!);
        Assert.True((double)ended["ttft"]! <= (double)ended["e2e"]!);
        var model = Assert.Single(live["models"]!.AsArray())!;
        Assert.Equal((int)model["blocks"]!, Convert.FromBase64String((string)model["map"]!).Length);
        Assert.Equal("ok", (string?)live["status"]);
        Assert.Empty(later["ended"]!["items"]!.AsArray());
    }

    private static async Task<JsonNode> LiveAsync(TinyServer server, string path) =>
        JsonNode.Parse(await server.Client.GetStringAsync(path, TestContext.Current.CancellationToken))!;

    private async Task<HttpResponseMessage> GetAsync(string path, EntityTagHeaderValue? known = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/html, */*");
        if (known is not null) request.Headers.IfNoneMatch.Add(known);
        return await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
