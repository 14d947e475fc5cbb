namespace Minka.Models.Loading;

/// <summary>What hyperparameters must satisfy, whatever file they came from.</summary>
public static class ConfigRules
{
    internal const int LayersMax = 10_000;

    private const int WidthMax = 1 << 24;
    private const int ExpertsMax = 1 << 14;
    private const int VocabularyMax = 1 << 26;

    /// <summary>Returns the config it was given.</summary>
    /// <exception cref="ModelFormatException">No model can be like that.</exception>
    public static ModelConfig Check(string path, ModelConfig config)
    {
        InRange(path, "layers", config.Layers, LayersMax);
        InRange(path, "a width", config.Width, WidthMax);
        if (config.FeedForwardWidth != 0 || !HasOnlyExperts(config))
            InRange(path, "a feed-forward width", config.FeedForwardWidth, WidthMax);
        InRange(path, "query heads", config.Heads, WidthMax);
        InRange(path, "key-value heads", config.KvHeads, WidthMax);
        InRange(path, "a head width", config.HeadDim, WidthMax);
        InRange(path, "a vocabulary", config.VocabularySize, VocabularyMax);
        InRange(path, "a context", config.ContextLength, int.MaxValue);
        Require(path, (long)config.Heads * config.HeadDim <= WidthMax,
            $"{config.Heads} heads of width {config.HeadDim}; together at most {WidthMax} are allowed");
        Require(path, config.Heads % config.KvHeads == 0,
            $"{config.Heads} query heads over {config.KvHeads} key-value heads; a multiple of them is needed");
        Require(path, float.IsFinite(config.NormEpsilon) && config.NormEpsilon >= 0,
            $"a norm epsilon of {config.NormEpsilon}; a number from 0 on is needed");
        Require(path, config.Windows.Count == 0 || config.Windows.Count == config.Layers,
            $"{config.Windows.Count} sliding windows for {config.Layers} layers");
        if (config.Experts.Count != 0) CheckExperts(path, config, config.Experts);
        CheckRope(path, config);
        return config;
    }

    private static bool HasOnlyExperts(ModelConfig config) =>
        config.Experts is { Count: > 0, DenseLayers.Count: 0 };

    private static void CheckExperts(string path, ModelConfig config, ExpertsConfig experts)
    {
        InRange(path, "experts", experts.Count, ExpertsMax);
        InRange(path, "experts for a token", experts.Active, experts.Count);
        InRange(path, "an expert width", experts.Width, WidthMax);
        Require(path, (long)experts.Count * Math.Max(experts.Width, config.Width) <= int.MaxValue,
            $"{experts.Count} experts of width {experts.Width} in a width of {config.Width}; together they have at "
            + $"most {int.MaxValue} rows");
        var dense = experts.DenseLayers;
        Require(path, dense.Zip(dense.Skip(1)).All(pair => pair.First < pair.Second)
            && dense.All(layer => layer >= 0 && layer < config.Layers),
            $"dense layers {string.Join(", ", dense.Take(10))} among {config.Layers}; each once, in "
            + "order, is needed");
    }

    private static void CheckRope(string path, ModelConfig config)
    {
        var rope = config.Rope;
        Require(path, Positive(rope.Theta), $"a rope base of {rope.Theta}; a number above 0 is needed");
        Require(path, rope.Dimensions >= 2 && rope.Dimensions % 2 == 0 && rope.Dimensions <= config.HeadDim,
            $"{rope.Dimensions} rotating dimensions in heads of width {config.HeadDim}; an even number is needed");
        Require(path, rope.FrequencyDivisors.All(divisor => float.IsFinite(divisor) && divisor > 0),
            "a rope frequency divisor that is not a number above 0");
        var sound = rope.Scaling switch
        {
            RopeScaling.Linear s => Positive(s.Factor),
            RopeScaling.DynamicNtk s => Positive(s.Factor) && s.OriginalContext > 0 && rope.Dimensions > 2,
            RopeScaling.Llama3 s => Positive(s.Factor) && Positive(s.LowFrequencyFactor)
                && float.IsFinite(s.HighFrequencyFactor) && s.HighFrequencyFactor > s.LowFrequencyFactor
                && s.OriginalContext > 0,
            RopeScaling.Yarn s => Positive(s.Factor) && s.OriginalContext > 0 && Positive(s.BetaFast)
                && Positive(s.BetaSlow) && float.IsFinite(s.AttentionFactor) && rope.Theta > 1,
            _ => true,
        };
        Require(path, sound, $"a rope scaling whose numbers do not fit together ({rope.Scaling})");
    }

    private static bool Positive(float value) => float.IsFinite(value) && value > 0;

    private static void InRange(string path, string what, long value, long most) =>
        Require(path, value >= 1 && value <= most, $"{what} of {value}; 1 to {most} are allowed");

    private static void Require(string path, bool holds, string found)
    {
        if (!holds) throw new ModelFormatException($"The config of '{path}' has {found}.");
    }
}
