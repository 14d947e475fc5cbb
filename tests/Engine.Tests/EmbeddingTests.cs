using Minka.Engine.Execution;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;
using Minka.Engine.Tests.Fakes;

namespace Minka.Engine.Tests;

/// <summary>The fake model's hidden state at a position is (token, position, 1).</summary>
public class EmbeddingTests
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 40).Select(i => i * i % 50)];

    private static GenerationRequest Request(EmbeddingPooling pooling, bool isNormalized = false) =>
        new() { Prompt = Prompt, TokensMax = 0, Embedding = new(pooling, isNormalized) };

    [Theory]
    [InlineData(EmbeddingPooling.Mean, 1)]
    [InlineData(EmbeddingPooling.Mean, 7)]
    [InlineData(EmbeddingPooling.Mean, 64)]
    [InlineData(EmbeddingPooling.Last, 7)]
    public async Task An_embedding_pools_what_leaves_the_final_norm_whatever_the_chunks(
        EmbeddingPooling pooling, int chunk)
    {
        await using var fixture = new EngineFixture(
            new SchedulerOptions { TokensPerStepMax = 64, ChunkTokensMax = chunk });

        // Twice: the second time the prefix cache holds the prompt.
        for (var round = 0; round < 2; round++)
        {
            var generation = fixture.Submit(Request(pooling));
            var choice = (await Completion.ReadAsync(generation, TestContext.Current.CancellationToken))[0];

            Assert.Equal(FinishReason.Length, choice.Finish);
            Assert.Empty(choice.Ids);
            float[] expected = pooling == EmbeddingPooling.Mean
                ? [(float)Prompt.Average(), 19.5f, 1]
                : [Prompt[^1], 39, 1];
            Assert.Equal(expected, generation.Embedding);
        }
    }

    [Fact]
    public async Task A_normalized_embedding_has_length_one()
    {
        await using var fixture = new EngineFixture();
        var request = Request(EmbeddingPooling.Last, true) with { Prompt = new[] { 3, 3, 4 } };
        var generation = fixture.Submit(request);
        await Completion.ReadAsync(generation, TestContext.Current.CancellationToken);

        // (4, 2, 1) is sqrt(21) long.
        Assert.Equal(4 / MathF.Sqrt(21), generation.Embedding[0], 1e-6);
        Assert.Equal(2 / MathF.Sqrt(21), generation.Embedding[1], 1e-6);
    }

    [Fact]
    public async Task Embeddings_and_texts_share_steps_and_lost_steps_change_neither()
    {
        await using var fixture = new EngineFixture(
            new SchedulerOptions { SequencesMax = 4, TokensPerStepMax = 64, ChunkTokensMax = 25 },
            executor: model => new LosingExecutor(new LocalExecutor(model)));
        var texts = fixture.TextAsync(
            new() { Prompt = Prompt, TokensMax = 30, Sampling = SamplingOptions.Greedy });
        var generations = Enumerable.Range(0, 6).Select(_ => fixture.Submit(Request(EmbeddingPooling.Mean))).ToArray();

        foreach (var generation in generations)
            await Completion.ReadAsync(generation, TestContext.Current.CancellationToken);

        Assert.All(generations, generation =>
            Assert.Equal([(float)Prompt.Average(), 19.5f, 1], generation.Embedding));
        Assert.Equal(fixture.Model.Greedy(Prompt, 30), await texts);
        Assert.Null(fixture.Model.Probe);
        Assert.True(fixture.Engine.Counters.LostSteps > 0);
    }

    [Fact]
    public void What_cannot_be_embedded_is_refused()
    {
        var fixture = new EngineFixture(starts: false);
        var elsewhere = new EngineFixture(starts: false, executor: model => new Elsewhere(new LocalExecutor(model)));

        Assert.Throws<RequestRefusedException>(
            () => fixture.Submit(Request(EmbeddingPooling.Mean) with { TokensMax = 5 }));
        var refused = Assert.Throws<RequestRefusedException>(
            () => elsewhere.Submit(Request(EmbeddingPooling.Mean)));

        Assert.Equal(RefusalReason.Unsupported, refused.Reason);
        Assert.Equal(0, elsewhere.Engine.EmbeddingWidth);
        Assert.Equal(RecallModel.Width, fixture.Engine.EmbeddingWidth);
    }

    /// <summary>Shows no hidden states.</summary>
    private sealed class Elsewhere(IExecutor inner) : IExecutor
    {
        public ExecutorShape Shape => inner.Shape with { EmbeddingWidth = 0 };

        public ValueTask ExecuteAsync(Batch batch, CancellationToken cancellation) =>
            inner.ExecuteAsync(batch, cancellation);
    }
}
