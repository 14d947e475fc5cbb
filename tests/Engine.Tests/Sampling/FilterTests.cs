using Minka.Engine.Sampling;
using Minka.Engine.Sampling.Filters;

namespace Minka.Engine.Tests.Sampling;

/// <summary>Every filter against the sentence that defines it, with numbers that can be checked by eye.</summary>
public class FilterTests
{
    // Probabilities 0.4, 0.3, 0.2, 0.1 on the ids 2, 0, 3, 1.
    private static readonly float[] Logits = [MathF.Log(3), MathF.Log(1), MathF.Log(4), MathF.Log(2)];

    [Theory]
    [InlineData(1, new[] { 2 })]
    [InlineData(2, new[] { 0, 2 })]
    [InlineData(9, new[] { 0, 1, 2, 3 })]
    public void Top_k_keeps_the_k_most_probable(int k, int[] kept) => Assert.Equal(kept, Keep(new TopK(k), Logits));

    [Fact]
    public void Top_k_keeps_the_lower_ids_of_equal_logits() =>
        Assert.Equal([0, 1, 4], Keep(new TopK(3), [1, 1, 1, 1, 2]));

    [Theory]
    [InlineData(0f, new[] { 2 })]
    [InlineData(0.39f, new[] { 2 })]
    [InlineData(0.41f, new[] { 0, 2 })]
    [InlineData(0.69f, new[] { 0, 2 })]
    [InlineData(0.71f, new[] { 0, 2, 3 })]
    [InlineData(0.95f, new[] { 0, 1, 2, 3 })]
    public void Top_p_keeps_the_fewest_that_add_up(float p, int[] kept) =>
        Assert.Equal(kept, Keep(new TopP(p), Logits));

    [Theory]
    [InlineData(0.2f, new[] { 0, 1, 2, 3 })]
    [InlineData(0.3f, new[] { 0, 2, 3 })]
    [InlineData(0.6f, new[] { 0, 2 })]
    [InlineData(1f, new[] { 2 })]
    public void Min_p_keeps_what_is_near_the_best(float p, int[] kept) => Assert.Equal(kept, Keep(new MinP(p), Logits));

    // Entropy 1.280; information 1.204 (id 0), 2.303 (1), 0.916 (2), 1.609 (3); distances 0.076, 1.023, 0.364, 0.329.
    [Theory]
    [InlineData(0.29f, new[] { 0 })]
    [InlineData(0.49f, new[] { 0, 3 })]
    [InlineData(0.89f, new[] { 0, 2, 3 })]
    [InlineData(0.91f, new[] { 0, 1, 2, 3 })]
    public void Typical_p_keeps_what_is_near_the_entropy(float p, int[] kept) =>
        Assert.Equal(kept, Keep(new TypicalP(p), Logits));

    [Theory]
    [InlineData(1f, 0.09f, new[] { 1 })]
    [InlineData(1f, 0.25f, new[] { 0, 1, 3 })]
    [InlineData(1f, 0.35f, new[] { 0, 1, 2, 3 })]
    [InlineData(0f, 0.09f, new[] { 0, 1, 2, 3 })]
    [InlineData(1f, 0.51f, new[] { 0, 1, 2, 3 })]
    public void Xtc_removes_the_likely_but_the_least_of_them(float probability, float threshold, int[] kept) =>
        Assert.Equal(kept, Keep(new Xtc(probability, threshold), Logits));

    /// <summary>Whether it acts is not decided by the number that draws the token.</summary>
    [Fact]
    public void Xtc_acts_by_a_number_of_its_own()
    {
        for (var position = 1; position < 64; position++)
        {
            var candidates = new Candidates(Logits.Length);
            candidates.Load(Logits);
            new Xtc(0.5f, 0.09f).Apply(candidates, new(new int[position], 1, 0, 0, new int[Logits.Length]));

            var acts = Philox.Uniform(0, position, 0, ChanceStream.Xtc) < 0.5;
            Assert.Equal(acts ? 1 : Logits.Length, candidates.Count);
        }
    }

    [Fact]
    public void Temperature_divides_the_logits()
    {
        var candidates = new Candidates(3);
        candidates.Load([1, 2, 4]);

        new Temperature(2).Apply(candidates, new([0], 1, 0, 0, new int[3]));

        Assert.Equal([0.5f, 1, 2], candidates.Logits.ToArray());
    }

    [Fact]
    public void Logit_bias_is_added() =>
        Assert.Equal([1, 12, 3], Change(new LogitBias(new Dictionary<int, float> { [1] = 10 }), [1, 2, 3], [0], 1));

    [Fact]
    public void Bad_words_are_forbidden_only_after_their_beginning()
    {
        var filter = new BadWords([[1], [2, 0]]);

        Assert.Equal([3, float.NegativeInfinity, 3], Change(filter, [3, 3, 3], [2], 1));
        Assert.Equal([float.NegativeInfinity, float.NegativeInfinity, 3], Change(filter, [3, 3, 3], [0, 2], 1));
    }

    [Fact]
    public void Penalties_count_as_their_papers_say()
    {
        // Prompt 0 1, text 1 1 2.
        int[] tokens = [0, 1, 1, 1, 2];

        Assert.Equal([2, -4, 2, 4], Change(Penalise(2, 0, 0, 0), [4, -2, 4, 4], tokens, 2));
        Assert.Equal([4, 3, 3.5f, 4], Change(Penalise(1, 0.5f, 0, 0), [4, 4, 4, 4], tokens, 2));
        Assert.Equal([4, 3, 3, 4], Change(Penalise(1, 0, 1, 0), [4, 4, 4, 4], tokens, 2));
        Assert.Equal([4, 4, 2, 4], Change(Penalise(2, 0, 0, 1), [4, 4, 4, 4], tokens, 2));
    }

    [Fact]
    public void Dry_penalises_what_would_repeat_by_how_long_it_repeats()
    {
        // After 1 2 3 4 ... 1 2 3, a 4 would repeat four tokens: the suffix 1 2 3 has length 3, allowed 2.
        int[] tokens = [1, 2, 3, 4, 0, 1, 2, 3];

        Assert.Equal([5, 5, 5, 5, 5 - 2 * 1.5f], Change(Repeat(2, []), [5, 5, 5, 5, 5], tokens, 1));
        Assert.Equal([5, 5, 5, 5, 5], Change(Repeat(4, []), [5, 5, 5, 5, 5], tokens, 1));
        Assert.Equal([5, 5, 5, 5, 5 - 2f], Change(Repeat(2, [1]), [5, 5, 5, 5, 5], tokens, 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100)]
    [InlineData(1000)]
    public void Filters_agree_with_sorting_everything(int size)
    {
        var random = new Random(size);
        for (var round = 0; round < 50; round++)
        {
            // Coarse logits in every other round, so that many are equal.
            var fine = round % 2;
            var logits = Enumerable.Range(0, size).Select(_ => random.Next(13) / 2f + fine * random.NextSingle())
                .ToArray();
            var order = Enumerable.Range(0, size).OrderByDescending(id => logits[id]).ThenBy(id => id).ToArray();
            var weights = logits.Select(logit => Math.Exp(logit - logits.Max())).ToArray();
            var k = random.Next(1, size + 1);
            // Between two sums, where rounding cannot decide.
            var target = order.Take(k).Sum(id => weights[id]) - weights[order[k - 1]] / 2;

            Assert.Equal(order.Take(k).Order(), Keep(new TopK(k), logits));
            Assert.Equal(order.Take(k).Order(), Keep(new TopP((float)(target / weights.Sum())), logits));
        }
    }

    /// <summary>The contract of every filter of candidates: order by id, a subset, never empty, scratch left
    /// clean.</summary>
    [Fact]
    public void Every_filter_keeps_order_and_at_least_one_candidate()
    {
        var random = new Random(3);
        var filters = SamplingRules.Filters(new()
        {
            Temperature = 0.7f, MinP = 0.2f, TopK = 3, TypicalP = 0.3f, TopP = 0.3f,
            XtcProbability = 1, XtcThreshold = 0,
        }).ToArray();
        Assert.Equal(AllOf<ISamplingFilter>(), filters.Select(filter => filter.GetType().Name).Order());
        foreach (var filter in filters)
            foreach (var size in (int[])[1, 2, 15, 16, 17, 300])
            {
                var logits = Enumerable.Range(0, size).Select(_ => random.NextSingle() * 20 - 10).ToArray();

                var kept = Keep(filter, logits);

                Assert.NotEmpty(kept);
                Assert.Equal(kept.Order(), kept);
                Assert.Equal(kept.Distinct(), kept);
            }
    }

    [Fact]
    public void Every_filter_of_logits_leaves_its_scratch_clean()
    {
        var options = new SamplingOptions
        {
            AllowedIds = [1, 2, 3], BadWords = [[3]], LogitBias = new Dictionary<int, float> { [1] = 1 },
            RepetitionPenalty = 1.3f,
            FrequencyPenalty = 0.3f, PresencePenalty = 0.1f, DryMultiplier = 1,
        };
        var filters = SamplingRules.LogitFilters(options, 3, [1]).ToArray();
        // A constraint's mask has tests of its own.
        Assert.Equal(AllOf<ILogitFilter>().Where(name => name != nameof(ConstraintMask)),
            filters.Select(filter => filter.GetType().Name).Order());
        foreach (var filter in filters)
        {
            var counts = new int[8];
            filter.Apply(new float[8], new([1, 2, 3, 1, 2, 3, 1, 2], 2, 0, 0, counts));
            Assert.All(counts, count => Assert.Equal(0, count));
        }
    }

    /// <summary>In the default order, or in the one that is asked for, which may leave some out.</summary>
    [Fact]
    public void Filters_apply_in_the_order_asked_for()
    {
        var options = new SamplingOptions { Temperature = 0.7f, MinP = 0.2f, TopK = 3, TypicalP = 0.3f, TopP = 0.3f };
        static string NamesOf(SamplingOptions options) =>
            string.Join(' ', SamplingRules.Filters(options).Select(filter => filter.GetType().Name));

        Assert.Equal("Temperature MinP TopK TypicalP TopP", NamesOf(options));
        Assert.Equal("TopP TopK", NamesOf(options with
        {
            Order = [SamplingFilterKind.TopP, SamplingFilterKind.Xtc, SamplingFilterKind.TopK],
        }));
        Assert.Throws<RequestRefusedException>(() =>
            (options with { Order = [SamplingFilterKind.TopP, SamplingFilterKind.TopP] }).Validate(10));
    }

    [Theory]
    [InlineData(2, new[] { 1, float.NegativeInfinity, 3 })]
    [InlineData(3, new float[] { 1, 2, 3 })]
    public void What_ends_a_text_may_come_after_so_many_tokens(int textLength, float[] logits) =>
        Assert.Equal(logits, Change(new LeastLength(3, [1]), [1, 2, 3], new int[5 + textLength], 5));

    [Fact]
    public void Allowed_tokens_are_the_only_ones_left() =>
        Assert.Equal(
            [float.NegativeInfinity, 2, float.NegativeInfinity, 4, float.NegativeInfinity],
            Change(new AllowedTokens([3, 1]), [1, 2, 3, 4, 5], [0], 1));

    private static IEnumerable<string> AllOf<TFilter>() => typeof(TFilter).Assembly.GetTypes()
        .Where(type => type.IsClass && type.IsAssignableTo(typeof(TFilter))).Select(type => type.Name).Order();

    private static Penalties Penalise(float repetition, float frequency, float presence, int window) => new(new()
    {
        RepetitionPenalty = repetition,
        FrequencyPenalty = frequency,
        PresencePenalty = presence,
        PenaltyWindow = window,
    });

    private static Dry Repeat(int allowed, int[] breakers) => new(new()
    {
        DryMultiplier = 2,
        DryBase = 1.5f,
        DryAllowedLength = allowed,
        DryBreakers = breakers,
    });

    private static int[] Keep(ISamplingFilter filter, float[] logits)
    {
        var candidates = new Candidates(logits.Length);
        candidates.Load(logits);
        filter.Apply(candidates, new([0], 1, 0, 0, new int[logits.Length]));
        return candidates.Ids.ToArray();
    }

    private static float[] Change(ILogitFilter filter, float[] logits, int[] tokens, int promptLength)
    {
        filter.Apply(logits, new(tokens, promptLength, 0, 0, new int[logits.Length]));
        return logits;
    }
}
