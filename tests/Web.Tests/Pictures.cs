using System.Text;
using Microsoft.Playwright;

namespace Minka.Web.Tests;

/// <summary>Takes the documentation's pictures from a running server; <c>docs/pictures/take</c> starts both.</summary>
public sealed class Pictures(Browser browser)
{
    private static readonly string _folder = Environment.GetEnvironmentVariable("MINKA_PICTURES") ?? "";
    private static readonly string _url = Environment.GetEnvironmentVariable("MINKA_URL") ?? "";

    private static readonly string[] _questions =
    [
        "Name three rivers.", "Write a haiku about rain.", "Tell me a story about a lighthouse.",
        "What is a hash table?", "Explain photosynthesis in three sentences.",
        "Write an email to a colleague about a delayed meeting.",
    ];

    /// <summary>Each page on a desk and on a phone, by day and by night.</summary>
    private static readonly (string Suffix, ColorScheme Colours, int Width, int Height)[] _views =
    [
        ("light", ColorScheme.Light, 1280, 860), ("dark", ColorScheme.Dark, 1280, 860),
        ("phone-light", ColorScheme.Light, 390, 780), ("phone-dark", ColorScheme.Dark, 390, 780),
    ];

    [Fact(Explicit = true)]
    public async Task Pictures_are_taken_of_both_pages_on_desk_and_phone_by_day_and_by_night()
    {
        Assert.NotEmpty(_folder);
        foreach (var view in _views) await TakeChatAsync($"chat-{view.Suffix}", view.Colours, view.Width, view.Height);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var load = Task.WhenAll(Enumerable.Range(0, 5).Select(user => AskForeverAsync(user, ending.Token)));
        await Task.Delay(TimeSpan.FromSeconds(75), TimeProvider.System, ending.Token);
        foreach (var view in _views)
            await TakeLiveAsync(
                $"live-{view.Suffix}", view.Colours, view.Width, view.Width > 600 ? 1240 : view.Height);
        await ending.CancelAsync();
        await load.ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    [Fact(Explicit = true)]
    public async Task Pictures_are_taken_of_a_report_by_day_and_by_night()
    {
        var report = Environment.GetEnvironmentVariable("MINKA_REPORT");
        if (string.IsNullOrEmpty(report)) Assert.Skip("MINKA_REPORT names no report of bench serve.");
        foreach (var (suffix, colours) in new[] { ("light", ColorScheme.Light), ("dark", ColorScheme.Dark) })
        {
            await using var visit = await browser.OpenAsync($"file://{report}", 1180, 900, colours);
            await visit.Page.ScreenshotAsync(new()
            {
                Path = Path.Combine(_folder, $"bench-serve-{suffix}.png"),
                FullPage = true,
            });
        }
    }

    private async Task TakeChatAsync(string name, ColorScheme colours, int width, int height)
    {
        await using var visit = await (await browser.OpenAsync(_url + "/", width, height, colours)).ReadyAsync();
        var page = visit.Page;
        page.SetDefaultTimeout(120_000);
        await visit.RunAsync<object>(
            "() => localStorage.setItem('minka.parameters', JSON.stringify({ temperature: 0, max_tokens: 320 }))");
        await page.ReloadAsync();
        await visit.ReadyAsync();
        foreach (var question in _questions[..2])
        {
            await visit.AskAsync(question);
            await visit.AnswerAsync();
            await page.Keyboard.PressAsync("Control+Shift+O");
        }
        await visit.AskAsync("Write a Python function that checks whether a number is prime.");
        await visit.AnswerAsync();
        await page.EvaluateAsync("document.getElementById('scroll').scrollTop = 0");
        await page.WaitForTimeoutAsync(400);
        await page.ScreenshotAsync(new() { Path = Path.Combine(_folder, name + ".png") });
    }

    private async Task TakeLiveAsync(string name, ColorScheme colours, int width, int height)
    {
        await using var visit = await (await browser.OpenAsync(_url + "/live", width, height, colours)).ReadyAsync();
        await visit.Page.WaitForTimeoutAsync(3000);
        await visit.Page.ScreenshotAsync(new() { Path = Path.Combine(_folder, name + ".png") });
    }

    private static async Task AskForeverAsync(int user, CancellationToken cancellation)
    {
        using var client = new HttpClient { BaseAddress = new Uri(_url), Timeout = TimeSpan.FromMinutes(2) };
        for (var turn = 0; ; turn++)
        {
            var question = _questions[(user + turn) % _questions.Length];
            var body = $$"""
                {"messages":[{"role":"user","content":"{{question}}"}],"stream":true,
                 "max_tokens":{{40 + (user * 31 + turn * 17) % 90}},"seed":{{turn}}}
                """;
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync("/v1/chat/completions", content, cancellation);
            await Task.Delay(TimeSpan.FromMilliseconds(200 + user * 300), TimeProvider.System, cancellation);
        }
    }
}
