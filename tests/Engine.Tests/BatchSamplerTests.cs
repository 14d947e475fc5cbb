using Minka.Engine.Execution;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;

namespace Minka.Engine.Tests;

public class BatchSamplerTests
{
    private const int Vocabulary = 5;

    [Fact]
    public void A_row_whose_largest_logit_is_known_is_not_searched_unless_something_changes_it()
    {
        var batch = Scheduled(
            SamplingOptions.Greedy,
            SamplingOptions.Greedy with { LogitBias = new Dictionary<int, float> { [2] = 1 } },
            new SamplingOptions { Temperature = 1, TopK = 1, Seed = 3 });
        float[] row = [0, 1, 0.5f, 0, 0.25f];

        // Where the second is not the largest, who is told so does not look.
        new BatchSampler(Vocabulary).Sample(batch, [.. row, .. row, .. row], largest: [4, 4, 4]);

        Assert.Equal([4], batch.Sampled(0).ToArray());
        Assert.Equal([2], batch.Sampled(1).ToArray());
        Assert.Equal([1], batch.Sampled(2).ToArray());
    }

    [Fact]
    public void A_row_without_a_number_is_a_failure_also_when_its_largest_is_known()
    {
        var batch = Scheduled(SamplingOptions.Greedy);
        var row = Enumerable.Repeat(float.NegativeInfinity, Vocabulary).ToArray();

        new BatchSampler(Vocabulary).Sample(batch, row, largest: [0]);

        Assert.Empty(batch.Sampled(0).ToArray());
    }

    private static Batch Scheduled(params SamplingOptions[] ways)
    {
        var scheduler = new Scheduler(
            new SchedulerOptions { SequencesMax = 4, TokensPerStepMax = 16, LogitRowsMax = 4, ContextMax = 64 },
            kvBlocks: 16);
        for (var i = 0; i < ways.Length; i++)
        {
            var request = new GenerationRequest { Prompt = new[] { 1, 2 }, Sampling = ways[i] };
            scheduler.Add([new Sequence(i, request, 0, [], 64)], TimeSpan.MaxValue);
        }
        return scheduler.Schedule(TimeSpan.Zero);
    }
}
