using Minka.Engine.Sampling;
using Minka.Engine.Sampling.Filters;

namespace Minka.Engine.Tests.Sampling;

public class SamplerTests
{
    private static readonly int[] OnePrompt = [1];

    // The known answers that come with Random123's Philox4x32-10.
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u,
        0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Philox_gives_its_authors_numbers(
        uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint r0, uint r1, uint r2, uint r3) =>
        Assert.Equal((r0, r1, r2, r3), Philox.Block((c0, c1, c2, c3), (k0, k1)));

    [Fact]
    public void Uniform_numbers_fill_the_unit_interval_evenly()
    {
        var bins = new int[10];
        for (var position = 0; position < 100_000; position++)
            bins[(int)(10 * Philox.Uniform(7, position, 0, ChanceStream.Draw))]++;

        // Chi-square with 9 degrees of freedom: 27.9 is exceeded once in a thousand seeds.
        Assert.True(bins.Sum(count => (count - 1e4) * (count - 1e4) / 1e4) < 27.9);
    }

    [Fact]
    public void Greedy_takes_the_largest_logit_and_the_lowest_id_of_equals() =>
        Assert.Equal(1, Pick(SamplingOptions.Greedy, [0, 5, 5, 1]));

    [Theory]
    [InlineData(0f)]
    [InlineData(1f)]
    public void Logits_that_are_not_numbers_are_never_picked(float temperature)
    {
        var options = new SamplingOptions { Temperature = temperature };

        Assert.Equal(2, Pick(options, [float.NaN, float.NegativeInfinity, -3, float.NaN]));
        Assert.Null(Pick(options, [float.NaN, float.NegativeInfinity]));
    }

    [Fact]
    public void An_infinite_logit_is_certain() =>
        Assert.Equal(1, Pick(new() { Temperature = 0.01f, TopP = 0.9f }, [100, float.PositiveInfinity, 3]));

    [Fact]
    public void Drawn_tokens_occur_as_often_as_their_probability_says()
    {
        float[] logits = [0, MathF.Log(2), MathF.Log(3), float.NegativeInfinity, MathF.Log(4)];
        var counts = new int[5];
        for (var seed = 0ul; seed < 20_000; seed++) counts[Pick(new() { Seed = seed }, logits)!.Value]++;

        double[] expected = [2000, 4000, 6000, 0, 8000];
        Assert.Equal(0, counts[3]);
        // Chi-square with 3 degrees of freedom: 16.3 is exceeded once in a thousand.
        Assert.True(counts.Zip(expected).Where(pair => pair.Second > 0)
            .Sum(pair => Math.Pow(pair.First - pair.Second, 2) / pair.Second) < 16.3);
    }

    [Fact]
    public void The_same_seed_draws_the_same_token_and_another_choice_another_one()
    {
        var logits = new float[1000];
        var sampler = new Sampler(1000);
        int Draw(ulong seed, int choice)
        {
            var rules = new SamplingRules(new() { Prompt = OnePrompt, Sampling = new() { Seed = seed } }, []);
            var at = new SamplingPoint([1, 2, 3], 1, seed, choice, new int[1000]);
            Assert.True(sampler.TrySample(rules, at, [.. logits], out var id));
            return id;
        }

        Assert.Equal(Draw(11, 0), Draw(11, 0));
        Assert.NotEqual(Draw(11, 0), Draw(12, 0));
        Assert.NotEqual(Draw(11, 0), Draw(11, 1));
    }

    [Fact]
    public void Filters_apply_in_the_documented_order()
    {
        var options = new SamplingOptions
        {
            Temperature = 2, MinP = 0.1f, TopK = 5, TypicalP = 0.9f, TopP = 0.8f, XtcProbability = 1,
            LogitBias = new Dictionary<int, float> { [1] = 1 }, BadWords = [[1]], RepetitionPenalty = 2,
            DryMultiplier = 1,
        };

        Assert.Equal(
            [typeof(BadWords), typeof(LeastLength), typeof(LogitBias), typeof(Penalties), typeof(Dry)],
            SamplingRules.LogitFilters(options, 3, []).Select(filter => filter.GetType()));
        Assert.Equal(
            [typeof(Temperature), typeof(MinP), typeof(TopK), typeof(TypicalP), typeof(TopP), typeof(Xtc)],
            SamplingRules.Filters(options).Select(filter => filter.GetType()));
    }

    [Theory]
    [InlineData("temperature")]
    [InlineData("top_p")]
    [InlineData("top_k")]
    [InlineData("logit_bias")]
    [InlineData("bad_words")]
    [InlineData("presence_penalty")]
    public void A_value_out_of_range_is_refused_by_name(string name)
    {
        var options = name switch
        {
            "temperature" => new SamplingOptions { Temperature = float.NaN },
            "top_p" => new() { TopP = 2 },
            "top_k" => new() { TopK = -5 },
            "logit_bias" => new() { LogitBias = new Dictionary<int, float> { [100] = 1 } },
            "bad_words" => new() { BadWords = [[]] },
            _ => new() { PresencePenalty = 3 },
        };

        var refused = Assert.Throws<RequestRefusedException>(() => options.Validate(100));

        Assert.Equal(name, refused.Parameter);
        Assert.Contains(name, refused.Message, StringComparison.Ordinal);
    }

    private static int? Pick(SamplingOptions options, float[] logits)
    {
        var rules = new SamplingRules(new() { Prompt = OnePrompt, Sampling = options }, []);
        var at = new SamplingPoint([0], 1, options.Seed, 0, new int[logits.Length]);
        return new Sampler(logits.Length).TrySample(rules, at, [.. logits], out var token) ? token : null;
    }
}
