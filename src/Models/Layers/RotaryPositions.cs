namespace Minka.Models.Layers;

/// <summary>Cosines and sines of rotary positions, computed once per position and copied into each step.</summary>
/// <remarks>
/// Angles are single-precision products, as transformers computes them; their cosine and sine are exact to the last
/// bits. Dynamic NTK has no table: its base depends on the length of the sequence, which here is the prompt's length
/// for prompt tokens and <c>position + 1</c> for later ones, so that chunks, prefix hits and batches change nothing.
/// </remarks>
internal sealed class RotaryPositions
{
    private readonly RopeConfig _config;
    private readonly RopeScaling.DynamicNtk? _dynamic;
    private readonly int _half;
    private readonly float _magnitude;
    private readonly float[] _frequencies;
    private readonly float[] _table;
    private int _filled;
    private int _frequenciesLength;

    /// <summary>
    /// Prepares a table for positions below <paramref name="positions"/>; it is filled as they are used.
    /// </summary>
    public RotaryPositions(RopeConfig config, int positions)
    {
        _config = config;
        _dynamic = config.Scaling as RopeScaling.DynamicNtk;
        _half = config.Dimensions / 2;
        _magnitude = config.Scaling is RopeScaling.Yarn yarn ? yarn.AttentionFactor : 1;
        _frequencies = RopeFrequencies.Of(config);
        _table = _dynamic is null ? GC.AllocateUninitializedArray<float>(positions * config.Dimensions) : [];
    }

    /// <summary>Writes <c>[T, R]</c> for the tokens of a step.</summary>
    public void Fill(Span<float> rotations, ForwardInput input)
    {
        var positions = input.Positions;
        if (_dynamic is not null)
        {
            FillDynamic(rotations, input);
            return;
        }

        for (var t = 0; t < positions.Length; t++)
        {
            for (; _filled <= positions[t]; _filled++) Rotate(Row(_table, _filled), _filled);
            Row(_table, positions[t]).CopyTo(Row(rotations, t));
        }
    }

    private void FillDynamic(Span<float> rotations, ForwardInput input)
    {
        for (var s = 0; s < input.SequenceCount; s++)
        {
            for (var t = input.RowStarts[s]; t < input.RowStarts[s + 1]; t++)
            {
                var position = input.Positions[t];
                var length = Math.Max(Math.Max(input.PromptLengths[s], position + 1), _dynamic!.OriginalContext);
                if (length != _frequenciesLength)
                {
                    RopeFrequencies.Dynamic(_config, _dynamic, length, _frequencies);
                    _frequenciesLength = length;
                }
                Rotate(Row(rotations, t), position);
            }
        }
    }

    private void Rotate(Span<float> row, int position)
    {
        for (var i = 0; i < _half; i++)
        {
            var (sine, cosine) = Math.SinCos(position * _frequencies[i]);
            row[i] = (float)cosine * _magnitude;
            row[_half + i] = (float)sine * _magnitude;
        }
    }

    private Span<float> Row(Span<float> rows, int index) => rows.Slice(index * _config.Dimensions, _config.Dimensions);
}

/// <summary>Rotary frequencies, one per pair of dimensions: <c>theta^(-2i/R)</c>, stretched.</summary>
internal static class RopeFrequencies
{
    /// <summary>The R/2 frequencies of a model.</summary>
    public static float[] Of(RopeConfig config)
    {
        var frequencies = new float[config.Dimensions / 2];
        Plain(frequencies, config.Theta, config.Dimensions);
        Stretch(frequencies, config);
        for (var i = 0; i < config.FrequencyDivisors.Count; i++) frequencies[i] /= config.FrequencyDivisors[i];
        return frequencies;
    }

    /// <summary>Dynamic NTK at one length: the base grows so that the longest wave spans the sequence.</summary>
    public static void Dynamic(RopeConfig config, RopeScaling.DynamicNtk scaling, int length, Span<float> frequencies)
    {
        var r = config.Dimensions;
        var stretch = scaling.Factor * length / scaling.OriginalContext - (scaling.Factor - 1);
        Plain(frequencies, config.Theta * MathF.Pow(stretch, r / (r - 2f)), r);
    }

    private static void Plain(Span<float> frequencies, float theta, int dimensions)
    {
        for (var i = 0; i < frequencies.Length; i++) frequencies[i] = 1 / MathF.Pow(theta, 2f * i / dimensions);
    }

    private static void Stretch(Span<float> frequencies, RopeConfig config)
    {
        switch (config.Scaling)
        {
            case RopeScaling.Linear linear:
                foreach (ref var frequency in frequencies) frequency /= linear.Factor;
                break;
            case RopeScaling.Llama3 llama3:
                foreach (ref var frequency in frequencies) frequency = Stretch(frequency, llama3);
                break;
            case RopeScaling.Yarn yarn:
                Stretch(frequencies, yarn, config);
                break;
        }
    }

    private static float Stretch(float frequency, RopeScaling.Llama3 scaling)
    {
        var wavelength = 2 * MathF.PI / frequency;
        if (wavelength < scaling.OriginalContext / scaling.HighFrequencyFactor) return frequency;
        if (wavelength > scaling.OriginalContext / scaling.LowFrequencyFactor) return frequency / scaling.Factor;

        var smooth = (scaling.OriginalContext / wavelength - scaling.LowFrequencyFactor)
            / (scaling.HighFrequencyFactor - scaling.LowFrequencyFactor);
        return (1 - smooth) * frequency / scaling.Factor + smooth * frequency;
    }

    // Pairs that turn more than betaFast times over the original context keep their frequency, those that turn
    // less than betaSlow times are divided, and a ramp over the pairs between blends the two.
    private static void Stretch(Span<float> frequencies, RopeScaling.Yarn scaling, RopeConfig config)
    {
        var low = PairThatTurns(scaling.BetaFast);
        var high = PairThatTurns(scaling.BetaSlow);
        if (scaling.Truncate) (low, high) = (Math.Floor(low), Math.Ceiling(high));
        low = Math.Max(low, 0);
        high = Math.Min(high, config.Dimensions - 1);
        if (high <= low) high = low + 0.001;

        for (var i = 0; i < frequencies.Length; i++)
        {
            var ramp = (float)Math.Clamp((i - low) / (high - low), 0, 1);
            frequencies[i] = frequencies[i] * (1 - ramp) + frequencies[i] / scaling.Factor * ramp;
        }

        double PairThatTurns(double rotations) =>
            config.Dimensions * Math.Log(scaling.OriginalContext / (rotations * 2 * Math.PI))
            / (2 * Math.Log(config.Theta));
    }
}
