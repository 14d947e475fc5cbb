using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;

namespace Minka.Engine.Tests.Sampling;

/// <summary>How little of a row of logits a request can do with.</summary>
public sealed class LogitsNeededTests
{
    private static readonly GenerationRequest Greedy = new()
    {
        Prompt = new[] { 1, 2, 3 }, Sampling = SamplingOptions.Greedy,
    };

    public static TheoryData<string, GenerationRequest, LogitsNeeded> Cases => new()
    {
        { "greedy", Greedy, new(1, false, false) },
        { "top 20", Greedy with { WantsLogprobs = true, TopLogprobs = 20 }, new(20, true, false) },
        { "top_k", Drawn(new() { TopK = 40, TopP = 0.9f, MinP = 0.1f }), new(40, false, false) },
        { "top_p first", Drawn(new() { TopK = 40, TopP = 0.9f, Order = TopPFirst }), LogitsNeeded.All },
        { "top_k left out", Drawn(new() { TopK = 40, Order = [SamplingFilterKind.MinP] }), LogitsNeeded.All },
        { "top_p off first", Drawn(new() { TopK = 40, Order = TopPFirst }), new(40, false, false) },
        { "few allowed", Greedy with { Sampling = Greedy.Sampling with { AllowedIds = [3] } }, LogitsNeeded.All },
        { "top_p alone", Drawn(new() { TopP = 0.9f }), LogitsNeeded.All },
        { "the model's own distribution", Drawn(new()), LogitsNeeded.All },
        { "two bad words", Drawn(new() { TopK = 5, BadWords = [[7], [8, 9]] }), new(7, false, false) },
        { "no end before", Greedy with { TokensMin = 2, StopIds = [4, 5] }, new(4, false, false) },
        { "a ban", Greedy with { Sampling = Bias(-100) }, new(2, false, false) },
        { "a gift", Greedy with { Sampling = Bias(1) }, LogitsNeeded.All },
        { "penalties near", Greedy with { Sampling = Penalty(1.1f, 16) }, new(17, false, false) },
        { "penalties far", Greedy with { Sampling = Penalty(1.1f, 0) }, LogitsNeeded.All },
        { "what repeats is liked", Greedy with { Sampling = Penalty(0.9f, 16) }, LogitsNeeded.All },
        { "a prompt", Greedy with { WantsPromptLogprobs = true, PromptTopLogprobs = 3 }, new(3, true, true) },
    };

    [Theory, MemberData(nameof(Cases))]
    public void A_request_needs_so_many_of_the_largest(string name, GenerationRequest request, LogitsNeeded expected)
    {
        var sequence = new Sequence(1, request, 0, [0], 100);

        Assert.True(expected == sequence.LogitsNeeded(isDrawn: true), $"{name}: {sequence.LogitsNeeded(true)}");
    }

    [Fact]
    public void A_prompt_that_is_only_measured_needs_no_more_because_of_how_its_text_is_drawn()
    {
        var sequence = new Sequence(1, Drawn(new()) with { WantsPromptLogprobs = true }, 0, [0], 100);
        var other = new Sequence(2, Drawn(new()) with { WantsPromptLogprobs = true }, 1, [0], 100);

        Assert.Equal(new(1, true, true), sequence.LogitsNeeded(isDrawn: false));
        Assert.Equal(LogitsNeeded.All, sequence.LogitsNeeded(isDrawn: true));
        // Only the first choice measures the prompt of all.
        Assert.Equal(new(1, false, false), other.LogitsNeeded(isDrawn: false));
    }

    private static SamplingFilterKind[] TopPFirst => [SamplingFilterKind.TopP, SamplingFilterKind.TopK];

    private static GenerationRequest Drawn(SamplingOptions options) => Greedy with { Sampling = options };

    private static SamplingOptions Bias(float bias) =>
        SamplingOptions.Greedy with { LogitBias = new Dictionary<int, float> { [7] = bias } };

    private static SamplingOptions Penalty(float penalty, int window) =>
        SamplingOptions.Greedy with { RepetitionPenalty = penalty, PenaltyWindow = window };
}
