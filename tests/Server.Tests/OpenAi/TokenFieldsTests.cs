namespace Minka.Server.Tests.OpenAi;

/// <summary>Fields of sampling beyond OpenAI's, seen from outside.</summary>
public sealed class TokenFieldsTests(TinyServer server)
{
    private const string Path = "/v1/completions";

    [Fact]
    public async Task Only_allowed_tokens_are_said()
    {
        var (_, free) = await server.PostAsync(
            Path, """{"prompt":"Once upon","max_tokens":2,"temperature":0,"return_token_ids":true}""");
        var said = free["choices"]![0]!["token_ids"]!.AsArray().Select(id => (int)id!).ToArray();

        var (_, held) = await server.PostAsync(Path, $$"""
            {"prompt":"Once upon","max_tokens":5,"allowed_token_ids":[{{said[1]}}],"return_token_ids":true}
            """);

        Assert.All(held["choices"]![0]!["token_ids"]!.AsArray(), id => Assert.Equal(said[1], (int)id!));
        Assert.NotEqual(said[0], said[1]);
    }

    /// <summary>With top_k left out of the list, top_k 1 does nothing; named, it is greedy.</summary>
    [Fact]
    public async Task Filters_apply_as_samplers_says()
    {
        async Task<string> SaidAsync(string samplers, int seed)
        {
            var (status, answer) = await server.PostAsync(Path, $$"""
                {"prompt":"The","max_tokens":8,"temperature":2,"top_k":1,"seed":{{seed}},"samplers":{{samplers}}}
                """);
            Assert.Equal(200, status);
            return (string)answer["choices"]![0]!["text"]!;
        }
        var greedy = await SaidAsync("""["penalties","dry","top_k","typ_p","top_p","min_p","xtc","temperature"]""", 1);
        List<string> free = [];
        for (var seed = 2; seed < 6; seed++) free.Add(await SaidAsync("""["temperature"]""", seed));

        Assert.Equal(greedy, await SaidAsync("""["temperature","top_k"]""", 7));
        Assert.Contains(free, text => text != greedy);
    }

    [Theory]
    [InlineData("allowed_token_ids", "[]")]
    [InlineData("allowed_token_ids", "[-1]")]
    [InlineData("allowed_token_ids", "[1000000]")]
    [InlineData("samplers", "[\"top_n_sigma\"]")]
    [InlineData("samplers", "[\"top_p\",\"top_p\"]")]
    [InlineData("samplers", "\"kfypmt\"")]
    [InlineData("dry_sequence_breakers", "[\"\"],\"dry_multiplier\":1")]
    [InlineData("dry_penalty_last_n", "-2")]
    [InlineData("timeout", "0")]
    [InlineData("timeout", "\"1\"")]
    public async Task What_makes_no_sense_is_refused_by_name(string field, string value)
    {
        var (status, answer) = await server.PostAsync(Path, $"{{\"prompt\":\"Once\",\"{field}\":{value}}}");

        Assert.Equal((400, field), (status, (string?)answer["error"]!["param"]));
    }

    /// <summary>A prompt that repeats itself does not go on, unless a repetition is broken there.</summary>
    [Fact]
    public async Task What_breaks_a_repetition_can_be_said()
    {
        const string body = """
            {"prompt":"Once upon a time Once upon","max_tokens":1,"temperature":0
            """;
        async Task<string> SaidAsync(string more)
        {
            var (status, answer) = await server.PostAsync(Path, $"{body}{more}}}");
            Assert.Equal(200, status);
            return (string)answer["choices"]![0]!["text"]!;
        }

        const string dry = ",\"dry_multiplier\":50,\"dry_allowed_length\":1";
        var free = await SaidAsync("");
        Assert.NotEqual(free, await SaidAsync(dry));
        Assert.Equal(free, await SaidAsync($"{dry},\"dry_sequence_breakers\":[\" upon\"]"));
    }

    [Fact]
    public async Task A_request_that_is_not_whole_in_its_time_fails_with_504_and_others_go_on()
    {
        await using var stepped = await TinyServer.StartAsync(isStepped: true, scheduling:
            TinyServer.Usual with { SequencesMax = 1, TokensPerStepMax = 256, LogitRowsMax = 32 });
        var first = stepped.PostAsync(Path, """{"prompt":"Once","max_tokens":4}""");
        await TinyServer.UntilAsync(() => stepped.Model.Engine.Counters.StepsInFlight == 1);
        var waiting = stepped.Model.Engine.Snapshot().Waiting;
        var late = stepped.PostAsync(Path, """{"prompt":"Twice","max_tokens":4,"timeout":0.001}""");
        await TinyServer.UntilAsync(() => stepped.Model.Engine.Snapshot().Waiting > waiting);

        // It waits already, so its time has passed when as much has passed from here.
        var seen = TimeProvider.System.GetTimestamp();
        await TinyServer.UntilAsync(() => TimeProvider.System.GetElapsedTime(seen).TotalMilliseconds > 2);
        stepped.Allow();

        var (status, answer) = await late;
        Assert.Equal((504, "timeout"), (status, (string?)answer["error"]!["code"]));
        Assert.Equal("timeout", (string?)answer["error"]!["param"]);
        Assert.Equal("The 'timeout' of 0.001 s was over after 0 generated tokens; allow more time, or ask for fewer "
            + "tokens.", (string?)answer["error"]!["message"]);
        Assert.Equal(200, (await first).Status);
        await stepped.SettleAsync();
    }

    [Fact]
    public async Task What_was_generated_in_the_time_is_told_with_the_504()
    {
        var clock = new HandClock();
        await using var stepped = await TinyServer.StartAsync(isStepped: true, time: clock);
        var counters = stepped.Model.Engine.Counters;
        var late = stepped.PostAsync(Path, """{"prompt":"Once","max_tokens":40,"ignore_eos":true,"timeout":60}""");
        stepped.Allow(2);
        await TinyServer.UntilAsync(() => counters.GeneratedTokens == 2);

        // One more may be under way already.
        clock.Advance(TimeSpan.FromSeconds(61));
        stepped.Allow();

        var (status, answer) = await late;
        Assert.InRange(counters.GeneratedTokens, 2, 3);
        Assert.Equal((504, $"The 'timeout' of 60 s was over after {counters.GeneratedTokens} generated tokens; "
            + "allow more time, or ask for fewer tokens."), (status, (string?)answer["error"]!["message"]));
        await stepped.SettleAsync();
    }
}
