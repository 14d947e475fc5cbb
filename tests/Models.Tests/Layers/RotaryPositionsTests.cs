using Minka.Compute;
using Minka.Models.Layers;

namespace Minka.Models.Tests.Layers;

public sealed class RotaryPositionsTests
{
    private static readonly RopeConfig Plain = new() { Theta = 10000, Dimensions = 8, Pairs = RopePairs.Halves };

    [Fact]
    public void Frequencies_are_powers_of_the_base() =>
        Assert.Equal([1f, 0.1f, 0.01f, 0.001f], RopeFrequencies.Of(Plain).Select(f => MathF.Round(f, 6)));

    [Fact]
    public void Linear_scaling_divides_every_frequency() =>
        Assert.Equal([0.25f, 0.025f, 0.0025f, 0.00025f],
            RopeFrequencies.Of(Plain with { Scaling = new RopeScaling.Linear(4) }).Select(f => MathF.Round(f, 6)));

    [Fact]
    public void Llama3_keeps_short_waves_and_divides_long_ones()
    {
        // Waves of 6.3, 63, 628 and 6283 positions against an original context of 512: below 512/4 kept,
        // above 512 divided.
        var scaling = new RopeScaling.Llama3(8, 1, 4, 512);

        var frequencies = RopeFrequencies.Of(Plain with { Scaling = scaling });

        Assert.Equal([1f, 0.1f, 0.01f / 8, 0.001f / 8], frequencies.Select(f => MathF.Round(f, 6)),
            (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void Yarn_multiplies_cosines_and_sines()
    {
        var scaling = new RopeScaling.Yarn(4, 32, 32, 1, AttentionFactor: 2, Truncate: true);
        var rotary = new RotaryPositions(Plain with { Scaling = scaling }, 16);

        var row = Rotations(rotary, promptLength: 1, [0]);

        Assert.Equal([2f, 2f, 2f, 2f, 0f, 0f, 0f, 0f], row);
    }

    [Fact]
    public void A_row_is_cosines_then_sines_of_position_times_frequency()
    {
        var row = Rotations(new(Plain, 16), promptLength: 4, [0, 1, 2, 3])[24..];

        Assert.Equal(Math.Cos(3), row[0], 1e-6);
        Assert.Equal(Math.Sin(0.3), row[5], 1e-6);
    }

    [Fact]
    public void Dynamic_ntk_is_plain_within_the_original_context_and_stretched_beyond()
    {
        var scaled = Plain with { Scaling = new RopeScaling.DynamicNtk(2, 8) };

        var within = Rotations(new(scaled, 64), promptLength: 3, [0, 1, 2]);
        var beyond = Rotations(new(scaled, 64), promptLength: 16, [.. Enumerable.Range(0, 16)]);

        Assert.Equal(Rotations(new(Plain, 64), 3, [0, 1, 2]), within);
        // theta' = 10000 * (2 * 16 / 8 - 1)^(8 / 6) at every position of the prompt.
        var frequency = 1 / MathF.Pow(10000 * MathF.Pow(3, 8 / 6f), 2f / 8);
        Assert.Equal(MathF.Cos(frequency), beyond[8 + 1], 1e-6f);
    }

    private static float[] Rotations(RotaryPositions rotary, int promptLength, int[] tokens)
    {
        var input = new ForwardInput(new(64, 1, 1, 8));
        input.AddSequence(tokens, 0, promptLength, [0, 1, 2, 3], 1);
        var rotations = new float[tokens.Length * 8];
        rotary.Fill(rotations, input);
        return rotations;
    }
}
