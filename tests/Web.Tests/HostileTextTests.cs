using System.Text.Json.Nodes;

namespace Minka.Web.Tests;

/// <summary>What a model writes is text, whatever it looks like.</summary>
public sealed class HostileTextTests(Browser browser)
{
    private const string Hostile = """
        <script>window.hacked = 1</script> <img src=x onerror="window.hacked = 2"> <svg onload=alert(1)>

        [click](javascript:window.hacked=3) [data](data:text/html,<script>window.hacked=4</script>)
        [case](JaVaScRiPt:window.hacked=5) [tab](java&#9;script:window.hacked=6) ![p](https://evil.example/p.png)
        <javascript:window.hacked=7> [good](https://example.org/a?b=c "title") <https://example.org/d>

        # <b onclick=window.hacked=8>heading</b>

        | <i>a</i> | b |
        | --- | --- |
        | <a href="javascript:window.hacked=9">x</a> | `<u>` |

        ```html"><img src=x onerror=window.hacked=10>
        <script>window.hacked = 11</script>
        ```

        - [ ] <iframe src="javascript:window.hacked=12"></iframe>
        """;

    [Fact]
    public async Task Markup_in_an_answer_stays_text_and_links_lead_to_the_web_only()
    {
        await using var visit = await (await browser.OpenAsync()).ReadyAsync();
        await FakeAnswer.WithTextAsync(visit.Page, Hostile);

        await visit.AskAsync("<img src=x onerror=window.hacked=13>");

        var text = await visit.AnswerAsync();
        Assert.Contains("<script>window.hacked = 1</script>", text, StringComparison.Ordinal);
        Assert.Contains("<b onclick=window.hacked=8>heading</b>", text, StringComparison.Ordinal);
        var links = await visit.RunAsync<string[]>("() => [...document.querySelectorAll('.body a')].map(a => a.href)");
        Assert.Equal(
            ["https://evil.example/p.png", "https://example.org/a?b=c", "https://example.org/d"], links);
        Assert.Equal(0, await visit.Page.Locator(
            "#messages script, #messages img, #messages iframe, #messages b, #messages i, #messages u").CountAsync());
        Assert.Equal(0, await visit.RunAsync<int>("""
            () => [...document.querySelectorAll('#messages *')].flatMap(one => [...one.attributes])
                .filter(attribute => attribute.name.startsWith('on')).length
            """));
        await visit.Page.ReloadAsync();
        await visit.ReadyAsync();
        Assert.True(await visit.RunAsync<bool>("() => window.hacked === undefined"));
    }

    [Fact]
    public async Task Markdown_becomes_what_it_means()
    {
        await using var visit = await (await browser.OpenAsync()).ReadyAsync();
        await FakeAnswer.WithTextAsync(visit.Page, """
            # Title
            A **bold** and *slanted* `code * here` and snake_case_name, 2 * 3 * 4.

            1. one
               - inner
            2. two

            | a | b |
            | --- | --: |
            | 1 | 2 |

            ```python
            def f(): return "x"  # note
            ```
            > said
            """);

        await visit.AskAsync("x");
        await visit.AnswerAsync();

        var body = visit.Page.Locator(".message.assistant > .body");
        Assert.Equal("Title", await body.Locator("h1").InnerTextAsync());
        Assert.Equal("bold", await body.Locator("strong").InnerTextAsync());
        Assert.Equal("slanted", await body.Locator("em").InnerTextAsync());
        Assert.Equal("code * here", await body.Locator("p code").InnerTextAsync());
        Assert.Contains("snake_case_name, 2 * 3 * 4.", await body.Locator("p").First.InnerTextAsync(),
            StringComparison.Ordinal);
        Assert.Equal("inner", await body.Locator("ol > li:first-child ul li").InnerTextAsync());
        Assert.Equal(2, await body.Locator("ol > li").CountAsync());
        Assert.Equal("2", await body.Locator("td.right").InnerTextAsync());
        Assert.Equal(["def", "return"], await body.Locator("pre .t-k").AllInnerTextsAsync());
        Assert.Equal("# note", await body.Locator("pre .t-c").InnerTextAsync());
        Assert.Equal("said", await body.Locator("blockquote").InnerTextAsync());

        await body.Locator("[data-copy]").ClickAsync();
        Assert.Equal("def f(): return \"x\"  # note",
            await visit.RunAsync<string>("() => navigator.clipboard.readText()"));
    }

    [Fact]
    public async Task Text_that_was_made_to_be_slow_takes_as_much_longer_as_it_is_longer()
    {
        await using var visit = await (await browser.OpenAsync()).ReadyAsync();

        // Each text at its length and at four times that: about 4 times the work, 16 times where every letter is
        // compared with every other. What takes no time worth naming is not judged, and neither is a busy moment.
        var slow = await visit.RunAsync<string[]>("""
            async () => {
                const { render } = await import('/ui/js/markdown.js');
                const hard = [n => '*'.repeat(5 * n), n => '['.repeat(5 * n), n => '`'.repeat(5 * n - 1),
                    n => '> '.repeat(n) + 'x', n => '- '.repeat(n), n => '|'.repeat(2 * n) + '\n' + '|-'.repeat(2 * n),
                    n => '**a'.repeat(n), n => '<'.repeat(5 * n), n => '_a'.repeat(2 * n), n => '![](('.repeat(n),
                    n => 'https://'.repeat(n)];
                const least = text => Math.min(...Array.from({ length: 3 }, () => {
                    const begun = performance.now();
                    render(document.createElement('div'), text);
                    return performance.now() - begun;
                }));
                return hard.map(make => [make(4), least(make(1000)), least(make(4000))])
                    .filter(([, one, four]) => four > 300 && four > 9 * one).map(found => found.join(' '));
            }
            """);

        Assert.Empty(slow);
    }

    [Fact]
    public async Task Thoughts_are_folded_and_a_tools_result_can_be_given()
    {
        await using var visit = await (await browser.OpenAsync()).ReadyAsync();
        await FakeAnswer.WithDeltasAsync(visit.Page,
            JsonNode.Parse("""{"reasoning_content":"I need the weather."}""")!,
            JsonNode.Parse("""
                {"tool_calls":[{"index":0,"id":"call_1","type":"function",
                    "function":{"name":"get_weather","arguments":""}}]}
                """)!,
            JsonNode.Parse("""{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]}""")!,
            JsonNode.Parse("""{"tool_calls":[{"index":0,"function":{"arguments":"\"Oslo\"}"}}]}""")!);
        await visit.AskAsync("How warm is Oslo?");

        var fold = visit.Page.Locator(".thoughts");
        Assert.False(await visit.Page.Locator(".thoughts .inside").IsVisibleAsync());
        await fold.Locator("summary").ClickAsync();
        Assert.Equal("I need the weather.", await fold.Locator(".inside").InnerTextAsync());
        Assert.Equal("get_weather", await visit.Page.InnerTextAsync(".call .name"));
        Assert.Contains("\"city\": \"Oslo\"", await visit.Page.InnerTextAsync(".call pre"), StringComparison.Ordinal);

        var asked = visit.Page.WaitForRequestAsync("**/v1/chat/completions");
        await visit.Page.FillAsync(".call input", "4 degrees");
        await visit.Page.ClickAsync(".call button");

        var messages = JsonNode.Parse((await asked).PostData!)!["messages"]!.AsArray();
        Assert.Equal("call_1", (string?)messages[1]!["tool_calls"]![0]!["id"]);
        Assert.Equal("""{"city":"Oslo"}""", (string?)messages[1]!["tool_calls"]![0]!["function"]!["arguments"]);
        Assert.Equal("""{"role":"tool","tool_call_id":"call_1","content":"4 degrees"}""",
            messages[2]!.ToJsonString());
    }
}
