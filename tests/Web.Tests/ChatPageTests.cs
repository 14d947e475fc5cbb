using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Minka.Server.Tests;

namespace Minka.Web.Tests;

/// <summary>The chat page with the real server and model behind it.</summary>
public sealed class ChatPageTests(Browser browser)
{
    private const string Story = "Tell me a short story about a lighthouse.";

    [Fact]
    public async Task An_answer_appears_while_it_is_made_and_says_what_it_took()
    {
        const string whole = "12 + 30 = 42.";
        await using var server = await TinyServer.StartAsync(isStepped: true);
        await using var visit = await (await browser.OpenAsync($"{server.App.Address}")).ReadyAsync();
        await visit.AskAsync("What is 12 + 30?");

        var seen = "";
        for (var part = 0; part < 3; part++)
        {
            server.Allow(3);
            seen = await visit.LongerThanAsync(seen.Length);
            Assert.StartsWith(seen.TrimEnd(), whole, StringComparison.Ordinal);
            Assert.NotEqual(whole, seen);
        }
        server.Allow();

        Assert.Equal(whole, await visit.AnswerAsync());
        var took = await visit.LastAnswer.Locator(".stats").InnerTextAsync();
        Assert.Matches(@"\d tok/s", took);
        Assert.Matches(@"first token [\d.]+ m?s", took);
        Assert.Matches(@"\d+ tokens", took);
    }

    [Fact]
    public async Task Escape_stops_an_answer_and_the_server_frees_its_memory()
    {
        await using var server = await TinyServer.StartAsync(isStepped: true);
        await using var visit = await (await browser.OpenAsync($"{server.App.Address}")).ReadyAsync();
        await visit.AskAsync(Story);
        server.Allow(16);
        await visit.LongerThanAsync(12);

        await visit.Page.Keyboard.PressAsync("Escape");

        var text = await visit.AnswerAsync();
        server.Allow();
        Assert.True(text.Length > 12);
        Assert.Contains("stopped", await visit.LastAnswer.Locator(".stats").InnerTextAsync(), StringComparison.Ordinal);
        await visit.Page.WaitForFunctionAsync("""
            async () => { const live = await (await fetch('/live.json')).json();
                return live.requests.length === 0 && live.models[0].usedBlocks === 0; }
            """);
        Assert.True(await visit.Page.Locator("#send").IsVisibleAsync());
    }

    [Fact]
    public async Task An_answer_that_is_left_in_the_middle_is_kept_as_far_as_it_came()
    {
        await using var server = await TinyServer.StartAsync(isStepped: true);
        await using var visit = await (await browser.OpenAsync($"{server.App.Address}")).ReadyAsync();
        await visit.AskAsync(Story);
        server.Allow(16);
        var text = await visit.LongerThanAsync(12);

        await visit.Page.ReloadAsync();
        await visit.ReadyAsync();

        Assert.StartsWith(text, await visit.AnswerAsync(), StringComparison.Ordinal);
        Assert.Contains("stopped", await visit.LastAnswer.Locator(".stats").InnerTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_not_written_when_the_page_was_left_is_written_by_the_next()
    {
        await using var visit = await (await browser.OpenAsync()).ReadyAsync();
        var page = visit.Page;
        await visit.AskAsync("What is 12 + 30?");
        await visit.AnswerAsync();

        await visit.HoldDatabaseAsync();
        await visit.RenameAsync("Sums");
        await page.ReloadAsync();
        await visit.ReadyAsync();
        Assert.Equal("Sums", await page.InnerTextAsync("#conversations .open"));
        Assert.Equal("12 + 30 = 42.", await visit.AnswerAsync());

        await visit.HoldDatabaseAsync();
        await page.HoverAsync("#conversations li");
        await page.ClickAsync("[aria-label='Delete Sums']");
        await page.ReloadAsync();
        await visit.ReadyAsync();
        Assert.Equal(0, await page.Locator("#conversations li").CountAsync());
        Assert.Equal("[]", await visit.RunAsync<string>("() => localStorage.getItem('minka.unsaved')"));
    }

    [Fact]
    public async Task Asking_again_keeps_both_answers()
    {
        await using var visit = await (await browser.OpenAsync()).ReadyAsync();
        await visit.AskAsync("What is 2 + 2?");
        var first = await visit.AnswerAsync();

        await visit.Page.ClickAsync("[aria-label='Ask again for this answer']");
        await visit.Page.WaitForSelectorAsync(".variants");

        Assert.Equal("2/2", await visit.Page.InnerTextAsync(".variants span"));
        await visit.Page.ClickAsync("[aria-label='Earlier answer']");
        Assert.Equal("1/2", await visit.Page.InnerTextAsync(".variants span"));
        Assert.Equal(first, await visit.AnswerAsync());
        Assert.Equal(1, await visit.Page.Locator(".message.assistant").CountAsync());
    }

    [Fact]
    public async Task An_edited_message_is_asked_again_without_what_came_after_it()
    {
        await using var visit = await (await browser.OpenAsync()).ReadyAsync();
        await visit.AskAsync("What is 1 + 1?");
        await visit.AnswerAsync();
        await visit.AskAsync("What is 2 + 3?");
        await visit.AnswerAsync();

        await visit.Page.Locator(".message.user").First.HoverAsync();
        await visit.Page.Locator("[aria-label='Edit this message']").First.ClickAsync();
        await visit.Page.FillAsync(".editor textarea", "What is 20 + 30?");
        await visit.Page.Keyboard.PressAsync("Enter");

        Assert.Equal("20 + 30 = 50.", await visit.AnswerAsync());
        Assert.Equal(1, await visit.Page.Locator(".message.user").CountAsync());
    }

    [Fact]
    public async Task Conversations_outlive_the_page_and_can_be_renamed_and_deleted_and_brought_back()
    {
        await using var visit = await (await browser.OpenAsync()).ReadyAsync();
        await visit.AskAsync("What is 12 + 30?");
        await visit.AnswerAsync();
        var page = visit.Page;

        await page.ReloadAsync();
        await visit.ReadyAsync();
        Assert.Equal("12 + 30 = 42.", await visit.AnswerAsync());

        await visit.RenameAsync("Sums");
        await page.ReloadAsync();
        await visit.ReadyAsync();
        Assert.Equal("Sums", await page.InnerTextAsync("#conversations .open"));

        await page.HoverAsync("#conversations li");
        await page.ClickAsync("[aria-label='Delete Sums']");
        Assert.Equal(0, await page.Locator("#conversations li").CountAsync());
        Assert.True(await page.Locator("#welcome").IsVisibleAsync());
        await page.ClickAsync("#toast button");
        Assert.Equal("Sums", await page.InnerTextAsync("#conversations .open"));
    }

    [Fact]
    public async Task An_answer_that_ends_while_a_title_is_written_does_not_cut_it_short()
    {
        await using var visit = await (await browser.OpenAsync()).ReadyAsync();
        var page = visit.Page;
        var mayEnd = new TaskCompletionSource();
        await page.RouteAsync("**/v1/chat/completions", async route =>
        {
            await mayEnd.Task;
            await route.ContinueAsync();
        });
        await visit.AskAsync("What is 12 + 30?");

        await page.Locator("#conversations .open").First.DblClickAsync();
        await page.FillAsync("#conversations input", "Su");
        mayEnd.SetResult();
        Assert.Equal("12 + 30 = 42.", await visit.AnswerAsync());
        await page.Keyboard.TypeAsync("ms");
        await page.Keyboard.PressAsync("Enter");

        Assert.Equal("Sums", await page.InnerTextAsync("#conversations .open"));
        Assert.Equal(0, await page.Locator("#conversations input").CountAsync());
    }

    [Fact]
    public async Task The_server_gets_the_system_prompt_and_the_parameters_that_were_set_and_no_others()
    {
        await using var visit = await (await browser.OpenAsync()).ReadyAsync();
        var page = visit.Page;
        await page.Keyboard.PressAsync("Control+,");
        await page.FillAsync("#p-system", "Answer briefly.");
        await page.FillAsync("#p-max_tokens", "5");
        await page.Locator("#p-temperature").FillAsync("0");
        await page.ClickAsync("#settings .primary");

        var asked = page.WaitForRequestAsync("**/v1/chat/completions");
        await visit.AskAsync("What is 12 + 30?");

        var body = JsonNode.Parse((await asked).PostData!)!.AsObject();
        Assert.Equal(["max_tokens", "messages", "model", "stream", "stream_options", "temperature"],
            body.Select(member => member.Key).Order());
        Assert.Equal("Answer briefly.", (string?)body["messages"]![0]!["content"]);
        Assert.Equal(5, (int)body["max_tokens"]!);
        Assert.Equal(0, (double)body["temperature"]!);
        await visit.AnswerAsync();
        Assert.Contains("cut at the limit", await visit.LastAnswer.Locator(".stats").InnerTextAsync(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_can_be_done_by_keys()
    {
        await using var visit = await (await browser.OpenAsync()).ReadyAsync();
        var page = visit.Page;
        await page.Keyboard.TypeAsync("What is");
        await page.Keyboard.PressAsync("Shift+Enter");
        await page.Keyboard.TypeAsync("3 + 4?");
        Assert.Equal("What is\n3 + 4?", await page.InputValueAsync("#prompt"));

        await page.Keyboard.PressAsync("Enter");
        await visit.AnswerAsync();
        Assert.Equal("", await page.InputValueAsync("#prompt"));

        await page.Keyboard.PressAsync("ArrowUp");
        Assert.Equal("What is\n3 + 4?", await page.InputValueAsync(".editor textarea"));
        await page.Keyboard.PressAsync("Escape");
        Assert.Equal(0, await page.Locator(".editor").CountAsync());

        await page.Keyboard.PressAsync("Control+/");
        Assert.True(await page.Locator("#shortcuts").IsVisibleAsync());
        await page.Keyboard.PressAsync("Escape");
        await page.Keyboard.PressAsync("Control+Shift+O");
        Assert.Equal(0, await page.Locator(".message").CountAsync());
        Assert.Equal("prompt", await visit.RunAsync<string>("() => document.activeElement.id"));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/live")]
    public async Task Everything_that_can_be_used_has_a_name_for_those_who_do_not_see_it(string path)
    {
        await using var visit = await (await browser.OpenAsync(path)).ReadyAsync();
        if (path == "/")
        {
            await visit.AskAsync("What is 12 + 30?");
            await visit.AnswerAsync();
        }

        var nameless = await visit.RunAsync<string[]>("""
            () => [...document.querySelectorAll('button, a[href], input, select, textarea, [role=img]')]
                .filter(one => !(one.getAttribute('aria-label') || one.innerText?.trim() || one.labels?.length
                    || one.textContent.trim()))
                .map(one => one.outerHTML.slice(0, 120))
            """);

        Assert.Empty(nameless);
        Assert.Equal("en", await visit.RunAsync<string>("() => document.documentElement.lang"));
    }

    [Fact]
    public async Task A_dark_room_gets_a_dark_page_and_the_button_turns_it()
    {
        await using var visit = await (await browser.OpenAsync(colours: ColorScheme.Dark)).ReadyAsync();
        var dark = await Brightness();

        await visit.Page.ClickAsync("#theme");
        var light = await Brightness();
        await visit.Page.ReloadAsync();
        await visit.ReadyAsync();

        Assert.True(dark < 80 && light > 200, $"{dark} and {light}");
        Assert.Equal(light, await Brightness());

        Task<double> Brightness() => visit.RunAsync<double>(
            "() => Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])");
    }
}
