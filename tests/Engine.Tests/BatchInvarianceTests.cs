using Minka.Engine.Execution;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;
using Minka.Engine.Tests.Fakes;

namespace Minka.Engine.Tests;

/// <summary>What a request says depends on nothing but the request.</summary>
public class BatchInvarianceTests
{
    /// <summary>Ways to run the same requests.</summary>
    public static TheoryData<string> Modes =>
        ["together", "chunks of 1", "chunks of 5", "no cache", "few blocks", "two at once", "three steps in flight"];

    [Theory, MemberData(nameof(Modes))]
    public async Task Tokens_do_not_depend_on_neighbours_chunks_cache_or_preemption(string mode)
    {
        var requests = Requests().ToArray();
        var alone = new int[requests.Length][][];
        for (var i = 0; i < requests.Length; i++)
        {
            await using var fixture = new EngineFixture(Scheduling("alone"), kvBlocks: 64);
            alone[i] = await fixture.TextsAsync(requests[i]);
        }

        await using var shared = new EngineFixture(Scheduling(mode), kvBlocks: mode == "few blocks" ? 14 : 256,
            starts: false, executor: mode == "three steps in flight"
                ? model => new PipelinedExecutor(new LocalExecutor(model), 3) : null);
        // Twice, so that the second time finds the first one's blocks.
        for (var round = 0; round < 2; round++)
        {
            var texts = await Task.WhenAll(shared.StartWith(requests).Select(EngineFixture.TextsOf));
            Assert.Equal(alone, texts);
        }

        Assert.Equal(mode != "no cache", shared.Engine.Counters.CachedTokens > 0);
        if (mode == "few blocks") Assert.True(shared.Engine.Counters.Preemptions > 0);
    }

    [Fact]
    public async Task Log_probabilities_of_a_prompt_do_not_depend_on_chunks()
    {
        var request = new GenerationRequest
        {
            Prompt = Enumerable.Range(3, 50).ToArray(), TokensMax = 1, WantsPromptLogprobs = true, TopLogprobs = 2,
        };
        var measured = new List<List<(int, float)>>();
        foreach (var chunk in (int[])[1, 7, 100])
        {
            var scheduling = new SchedulerOptions { ChunkTokensMax = chunk, LogitRowsMax = 20 };
            await using var fixture = new EngineFixture(scheduling);
            var generation = fixture.Submit(request);
            await EngineFixture.TextsOf(generation);
            measured.Add([.. generation.PromptLogprobs.Select(at => (at.Chosen.Id, at.Chosen.Logprob))]);
        }

        Assert.Equal(49, measured[0].Count);
        Assert.Equal(measured[0], measured[1]);
        Assert.Equal(measured[0], measured[2]);
    }

    private static IEnumerable<GenerationRequest> Requests()
    {
        var sampling = new SamplingOptions { Temperature = 0.9f, TopP = 0.95f, TopK = 30, RepetitionPenalty = 1.2f };
        for (var i = 0; i < 12; i++)
            yield return new()
            {
                Prompt = Enumerable.Range(0, 20 + i * 3).Select(p => p < 17 ? p : (p * i) % 60).ToArray(),
                TokensMax = 20 + i,
                Choices = i % 5 == 0 ? 3 : 1,
                Key = i % 2 == 0 ? "even" : "odd",
                Sampling = sampling with { Seed = (ulong)i, Temperature = i % 4 == 3 ? 0 : 0.9f },
            };
    }

    private static SchedulerOptions Scheduling(string mode)
    {
        var options = new SchedulerOptions { SequencesMax = 8, TokensPerStepMax = 64, LogitRowsMax = 16 };
        return mode switch
        {
            "chunks of 1" => options with { ChunkTokensMax = 1 },
            "chunks of 5" => options with { ChunkTokensMax = 5, PartialPromptsMax = 4 },
            "no cache" => options with { PrefixCaching = false },
            "two at once" => options with { SequencesMax = 2, TokensPerStepMax = 9 },
            "alone" => options with { SequencesMax = 1 },
            _ => options,
        };
    }
}
