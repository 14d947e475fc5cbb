using Minka.LoadTest.Workloads;

namespace Minka.LoadTest.Tests.Workloads;

/// <summary>Prompts have the wanted length, by what the server says of words.</summary>
public sealed class PromptTests
{
    private static readonly TokenRuler _ruler = new(["a", "b", "c", "d", "e", "f", "g", "h"], 1, 0, "test");

    [Fact]
    public async Task A_server_with_tokenize_is_asked_for_words_of_one_token()
    {
        // Words with an e are two tokens, and its template is 5 around them.
        await using var fake = new FakeServer(async exchange =>
        {
            var prompt = exchange.Body.GetProperty("prompt").GetString()!;
            await exchange.BeginStreamAsync();
            await exchange.SendTokenAsync();
            await exchange.EndStreamAsync(Tokens(prompt) + 5, 1);
        })
        {
            Tokenize = Tokens,
        };

        using var server = await Runs.MeetAsync(fake, needsRuler: true);

        Assert.Equal((1, 5, "the server's /tokenize"),
            (server.Ruler.TokensPerWord, server.Ruler.Overhead, server.Ruler.Method));
        Assert.All(server.Ruler.Words, word => Assert.DoesNotContain('e', word));
        var prompt = new PromptWriter(server.Ruler, 1).Write(new(100, 1), 0);
        Assert.Equal(100, Tokens(prompt) + 5);

        static int Tokens(string text) =>
            text.Split(' ').Sum(word => word.Contains('e', StringComparison.Ordinal) ? 2 : 1);
    }

    [Fact]
    public async Task A_server_without_is_measured_by_its_usage()
    {
        await using var fake = new FakeServer(async exchange =>
        {
            await exchange.BeginStreamAsync();
            await exchange.SendTokenAsync();
            await exchange.EndStreamAsync(2 * exchange.Words + 9, 1); // two tokens a word, nine around them
        });

        using var server = await Runs.MeetAsync(fake, needsRuler: true);

        Assert.Equal((2, 9, "the server's usage of two small requests"),
            (server.Ruler.TokensPerWord, server.Ruler.Overhead, server.Ruler.Method));
        Assert.Equal(50, new PromptWriter(server.Ruler, 1).Write(new(109, 1), 0).Split(' ').Length);
    }

    [Fact]
    public async Task A_server_with_a_small_context_is_measured_by_a_shorter_request()
    {
        await using var fake = new FakeServer(async exchange =>
        {
            if (exchange.Words > 100)
            {
                await exchange.SendJsonAsync("{}", "400 Too Long");
                return;
            }
            await exchange.BeginStreamAsync();
            await exchange.SendTokenAsync();
            await exchange.EndStreamAsync(3 * exchange.Words + 4, 1);
        });

        using var server = await Runs.MeetAsync(fake, needsRuler: true);

        Assert.Equal((3, 4), (server.Ruler.TokensPerWord, server.Ruler.Overhead));
    }

    [Fact]
    public async Task A_server_that_counts_nothing_is_assumed_to_be_like_others()
    {
        await using var fake = new FakeServer(async exchange =>
        {
            await exchange.BeginStreamAsync();
            await exchange.SendTokenAsync();
            await exchange.SendEventAsync("[DONE]");
        });

        using var server = await Runs.MeetAsync(fake, needsRuler: true);

        Assert.Same(TokenRuler.Assumed, server.Ruler);
    }

    [Fact]
    public void The_same_seed_writes_the_same_text_and_every_request_its_own()
    {
        var shape = new RequestShape(40, 1);

        Assert.Equal(new PromptWriter(_ruler, 3).Write(shape, 5), new PromptWriter(_ruler, 3).Write(shape, 5));
        Assert.Equal(200,
            Enumerable.Range(0, 200).Select(i => new PromptWriter(_ruler, 3).Write(shape, i)).Distinct().Count());
        Assert.NotEqual(new PromptWriter(_ruler, 3).Write(shape, 5), new PromptWriter(_ruler, 4).Write(shape, 5));
    }

    [Fact]
    public void Shared_tokens_stand_first_and_are_equal()
    {
        var writer = new PromptWriter(_ruler, 1);
        var shape = new RequestShape(30, 1) { SharedTokens = 20 };

        var (one, two) = (writer.Write(shape, 0).Split(' '), writer.Write(shape, 1).Split(' '));

        Assert.Equal((30, 30), (one.Length, two.Length));
        Assert.Equal(one[..20], two[..20]);
        Assert.NotEqual(one[20..], two[20..]);
    }

    [Fact]
    public void Equal_blocks_are_equal_text()
    {
        var writer = new PromptWriter(_ruler, 1);

        var one = writer.Write(new(1100, 1) { Blocks = [7, 8, 9] }, 0).Split(' ');
        var two = writer.Write(new(1500, 1) { Blocks = [7, 8, 10] }, 1).Split(' ');

        Assert.Equal((1100, 1500), (one.Length, two.Length));
        Assert.Equal(one[..1024], two[..1024]);
        Assert.NotEqual(one[1024..1100], two[1024..1100]);
    }

    [Fact]
    public void Random_lengths_stay_within_their_range_and_fill_it()
    {
        var shapes = new RandomLengths(100, 20, 0.5, 10).Draw(2000, 1);

        Assert.Equal((60, 160), (shapes.Min(shape => shape.PromptTokens), shapes.Max(shape => shape.PromptTokens)));
        Assert.Equal((10, 30), (shapes.Min(shape => shape.OutputTokens), shapes.Max(shape => shape.OutputTokens)));
        Assert.InRange(shapes.Average(shape => shape.PromptTokens), 108, 112);
    }

    [Fact]
    public void ShareGpt_gives_the_first_turn_and_the_length_of_the_second()
    {
        var shapes = PromptFile.ReadShareGpt(Written(
            """
            [{"conversations":[{"from":"human","value":"Hi there"},{"from":"gpt","value":"one two three four"}]},
             {"conversations":[{"from":"human","value":"alone"}]}, {"id":3}]
            """), 10, null, 0);

        var shape = Assert.Single(shapes);
        Assert.Equal(("Hi there", 5), (shape.Text, shape.OutputTokens));
    }

    [Fact]
    public void Lines_are_prompts_and_begin_again_when_there_are_too_few()
    {
        var shapes = PromptFile.ReadLines(Written("{\"prompt\":\"a\",\"output_tokens\":3}\nplain text\n"), 3, 8);

        Assert.Equal(["a", "plain text", "a"], shapes.Select(shape => shape.Text!));
        Assert.Equal([3, 8, 3], shapes.Select(shape => shape.OutputTokens));
    }

    [Theory]
    [InlineData("{\"text\":\"a\"}", "has a line without \"prompt\"")]
    [InlineData("{oops", "is not JSON")]
    [InlineData("", "is empty")]
    public void What_is_no_prompt_says_so(string text, string part) => Assert.Contains(part,
        Assert.Throws<LoadTestException>(() => PromptFile.ReadLines(Written(text), 1, 1)).Message,
        StringComparison.Ordinal);

    private static string Written(string text)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("minka-prompts").FullName, "file");
        File.WriteAllText(path, text);
        return path;
    }
}
