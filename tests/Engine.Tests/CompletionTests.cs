using Minka.Engine.Sampling;
using Minka.Engine.Tests.Fakes;

namespace Minka.Engine.Tests;

public class CompletionTests
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 37)];

    [Fact]
    public async Task Choices_differ_and_each_is_what_its_seed_says()
    {
        var request = new GenerationRequest
        {
            Prompt = Prompt, TokensMax = 12, Choices = 4, Sampling = new() { Seed = 5 }, WantsLogprobs = true,
        };
        await using var fixture = new EngineFixture();

        var choices = await Completion.ReadAsync(fixture.Submit(request), TestContext.Current.CancellationToken);
        var again = await Completion.ReadAsync(fixture.Submit(request), TestContext.Current.CancellationToken);

        Assert.Equal(4, choices.Select(choice => string.Join(' ', choice.Ids)).Distinct().Count());
        Assert.Equal(choices.Select(choice => choice.Ids), again.Select(choice => choice.Ids));
        Assert.All(choices, choice => Assert.Equal(12, choice.Logprobs.Count));
    }

    [Fact]
    public void Best_of_ranks_by_the_mean_log_probability_of_a_token()
    {
        Completion Choice(int index, params float[] logprobs) => new(
            index, [.. logprobs.Select((_, id) => id)], FinishReason.Stop, 0,
            [.. logprobs.Select(logprob => new TokenLogprobs(new(0, logprob), []))]);
        Completion[] choices = [Choice(0, -1, -1), Choice(1, -0.5f, -0.7f, -0.6f), Choice(2, -3)];

        Assert.Equal([1, 0], Completion.Best(choices, 2).Select(choice => choice.Choice));
    }

    [Fact]
    public async Task The_token_that_ended_the_text_is_told_apart_from_it()
    {
        var said = new EngineFixture(starts: false).Model.Greedy(Prompt, 5);
        await using var fixture = new EngineFixture();
        var request = new GenerationRequest { Prompt = Prompt, Sampling = SamplingOptions.Greedy, StopIds = [said[3]] };

        var choice = (await Completion.ReadAsync(fixture.Submit(request), TestContext.Current.CancellationToken))[0];

        Assert.Equal(said[..3], choice.Ids);
        Assert.Equal((FinishReason.Stop, said[3]), (choice.Finish, choice.StopId));
    }
}
