using System.Numerics;
using Minka.Engine.Sampling;
using Minka.Engine.Sampling.Filters;

namespace Minka.Engine.Tests.Sampling;

/// <summary>What is kept and drawn, to the last bit, against the slow twin: sort everything, add one by one.</summary>
public class ExactSetTests
{
    private static readonly int[] _sizes = [1, 2, 7, 8, 9, 63, 64, 65, 129, 1000, 5003];

    public static TheoryData<string> Shapes => ["random", "flat", "peaked", "tied", "equal", "forbidden", "rising"];

    [Theory, MemberData(nameof(Shapes))]
    public void Top_p_keeps_the_set_that_sorting_finds(string shape)
    {
        foreach (var (logits, random) in Cases(shape))
            foreach (var p in (float[])[0, 0.1f, random.NextSingle(), 0.95f, 0.999f, MathF.BitDecrement(1)])
            {
                var candidates = Load(logits);
                var weights = candidates.Weights(out var total).ToArray();
                var expected = Heaviest(candidates.Ids.ToArray(), weights, weights, p * total);

                new TopP(p).Apply(candidates, default);

                Assert.Equal(expected, candidates.Ids.ToArray());
                Assert.Equal(expected.Select(id => Math.Min(logits[id], 1e30f)), candidates.Logits.ToArray());
            }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Typical_p_top_k_and_min_p_keep_the_set_that_sorting_finds(string shape)
    {
        foreach (var (logits, random) in Cases(shape))
        {
            var candidates = Load(logits);
            var ids = candidates.Ids.ToArray();
            var weights = candidates.Weights(out var total).ToArray();
            var keys = ids.Select(_ => (float)random.Next(-9, 9)).ToArray();
            var target = random.NextDouble() * total;
            candidates.KeepHeaviest(keys, weights, target);
            Assert.Equal(Heaviest(ids, keys, weights, target), candidates.Ids.ToArray());

            foreach (var k in (int[])[1, 3, 128, 129, ids.Length - 1, random.Next(1, ids.Length + 1)])
            {
                candidates = Load(logits);
                candidates.KeepLargest(Math.Max(k, 1));
                var best = ids.OrderByDescending(id => Math.Min(logits[id], 1e30f)).ThenBy(id => id);
                Assert.Equal(best.Take(Math.Max(k, 1)).Order(), candidates.Ids.ToArray());
            }

            candidates = Load(logits);
            candidates.KeepFrom(candidates.Largest() - 1);
            var least = Load(logits).Largest() - 1;
            Assert.Equal(ids.Where(id => Math.Min(logits[id], 1e30f) >= least), candidates.Ids.ToArray());
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void The_token_drawn_is_found_by_adding_one_by_one(string shape)
    {
        foreach (var (logits, random) in Cases(shape))
        {
            var candidates = Load(logits);
            new TopP(random.NextSingle()).Apply(candidates, default);
            var weights = Load(logits, candidates.Ids).Weights(out var total).ToArray();
            foreach (var uniform in (double[])[0, random.NextDouble(), Math.BitDecrement(1.0)])
            {
                var (left, at) = (uniform * total, 0);
                while (left >= weights[at]) left -= weights[at++];
                Assert.Equal(candidates.Ids[at], candidates.Draw(uniform));
            }
        }
    }

    [Fact]
    public void Weights_are_exponentials_in_multiples_of_a_unit_and_have_the_same_bits_on_every_machine()
    {
        var random = new Random(1);
        var others = Enumerable.Range(0, 5000).Select(_ => -40 * random.NextSingle());
        float[] logits = [0, float.MinValue, -86, -87, .. others];
        var weights = new float[logits.Length];

        var total = new TokenWeights(1 << 17).Weigh(logits, 0, weights);

        var unit = Math.ScaleB(1, -36);
        Assert.Equal(1, weights[0]);
        for (var i = 0; i < logits.Length; i++)
        {
            Assert.Equal(Scalar(logits[i]), weights[i]);
            Assert.Equal(Math.Exp(logits[i]), weights[i], 1.5e-7 * Math.Exp(logits[i]) + unit / 2);
            Assert.Equal(0, Math.IEEERemainder(weights[i], unit));
        }
        var sum = weights.Aggregate(BigInteger.Zero, (sum, weight) => sum + (BigInteger)(weight / unit));
        Assert.Equal((double)sum * unit, total);
        Assert.Equal(total, TokenWeights.Sum(weights));
    }

    // The vectors' steps with scalars, for 131,072 tokens.
    private static float Scalar(float logit)
    {
        const float rounding = 1f / (1 << 13), whole = 1.5f * (1 << 23);
        logit = Math.Max(logit, -86);
        var n = logit * 1.44269504f + whole - whole;
        var x = logit - n * 0.693359375f - n * -2.12194440e-4f;
        var y = 1 + x + x * x * (1 / 2f + x * (1 / 6f));
        y += x * x * (x * x) * (1 / 24f + x * (1 / 120f) + x * x * (1 / 720f + x * (1 / 5040f)));
        y = MathF.ScaleB(y, (int)n);
        return y < rounding ? y + rounding - rounding : y;
    }

    private static int[] Heaviest(int[] ids, float[] keys, float[] weights, double target)
    {
        var (kept, sum) = (new List<int>(), 0.0);
        foreach (var i in Enumerable.Range(0, ids.Length).OrderByDescending(i => keys[i]).ThenBy(i => i))
        {
            if (kept.Count > 0 && sum >= target && sum > 0) break;
            kept.Add(ids[i]);
            sum += weights[i];
        }
        return [.. kept.Order()];
    }

    private static IEnumerable<(float[] Logits, Random Random)> Cases(string shape)
    {
        foreach (var size in _sizes)
        {
            var random = new Random(size);
            var logits = Enumerable.Range(0, size).Select(i => shape switch
            {
                "random" => 30 * random.NextSingle() - 15,
                "flat" => 0.1f * random.NextSingle(),
                "peaked" => random.Next(100) == 0 ? 20 * random.NextSingle() : -12 - random.NextSingle(),
                "tied" => random.Next(5) - 2,
                "equal" => -0f * random.Next(2),
                "forbidden" => random.Next(3) switch
                {
                    0 => float.NegativeInfinity,
                    1 => float.NaN,
                    _ => random.NextSingle(),
                },
                _ => i * 0.01f,
            }).ToArray();
            logits[random.Next(size)] = random.Next(4) == 0 ? float.PositiveInfinity : 3;
            yield return (logits, random);
        }
    }

    private static Candidates Load(float[] logits)
    {
        var candidates = new Candidates(logits.Length);
        candidates.Load(logits);
        return candidates;
    }

    private static Candidates Load(float[] logits, ReadOnlySpan<int> ids)
    {
        var only = new float[logits.Length];
        Array.Fill(only, float.NegativeInfinity);
        foreach (var id in ids) only[id] = logits[id];
        return Load(only);
    }
}
