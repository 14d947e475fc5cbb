using Minka.Compute;

namespace Minka.Models.Loading.HuggingFace;

/// <summary>Reads rotary positions in both spellings.</summary>
/// <remarks><c>rope_theta</c> beside <c>rope_scaling</c>, or everything in <c>rope_parameters</c>.</remarks>
internal static class RopeJson
{
    /// <summary>Base of the frequencies of most families.</summary>
    public const double ThetaDefault = 10_000;

    /// <param name="config">The file.</param>
    /// <param name="headDim">C.</param>
    /// <param name="context">The file's <c>max_position_embeddings</c>.</param>
    /// <param name="thetaDefault">The family's <c>rope_theta</c>.</param>
    public static RopeConfig Read(ConfigJson config, int headDim, int context, double thetaDefault = ThetaDefault)
    {
        var parameters = config.Section("rope_parameters") ?? config.Section("rope_scaling");
        var part = parameters?.Number("partial_rotary_factor") ?? config.Number("partial_rotary_factor") ?? 1;
        return new RopeConfig
        {
            Theta = (float)(parameters?.Number("rope_theta") ?? config.Number("rope_theta") ?? thetaDefault),
            Dimensions = (int)Math.Clamp(headDim * part, int.MinValue, int.MaxValue),
            Pairs = RopePairs.Halves,
            Scaling = parameters is null ? RopeScaling.None : Scaling(parameters, context),
        };
    }

    /// <summary>How far a model reaches whose file gives <paramref name="context"/> positions.</summary>
    public static int Reach(RopeScaling scaling, int context) => scaling switch
    {
        RopeScaling.Yarn s => Math.Max(context, Times(s.OriginalContext, s.Factor)),
        RopeScaling.DynamicNtk s => Math.Max(context, Times(s.OriginalContext, s.Factor)),
        _ => context,
    };

    private static RopeScaling Scaling(ConfigJson parameters, int context)
    {
        var type = parameters.Text("rope_type") ?? parameters.Text("type") ?? "default";
        return type switch
        {
            "default" => RopeScaling.None,
            "linear" => new RopeScaling.Linear(Need(parameters, "factor")),
            "dynamic" => new RopeScaling.DynamicNtk(Need(parameters, "factor"), context),
            "llama3" => new RopeScaling.Llama3(
                Need(parameters, "factor"), Need(parameters, "low_freq_factor"), Need(parameters, "high_freq_factor"),
                parameters.Integer("original_max_position_embeddings") ?? context),
            "yarn" => Yarn(parameters, context),
            _ => throw new UnsupportedModelException($"rope scaling {type}",
                $"'{parameters.Path}' scales its positions by '{type}'; Minka knows "
                + "default, linear, dynamic, llama3 and yarn."),
        };
    }

    private static RopeScaling.Yarn Yarn(ConfigJson parameters, int context)
    {
        var original = parameters.Integer("original_max_position_embeddings") ?? context;
        var factor = Number(parameters, "factor") ?? (float)context / Math.Max(original, 1);
        return new RopeScaling.Yarn(
            factor, original, Number(parameters, "beta_fast") ?? 32, Number(parameters, "beta_slow") ?? 1,
            AttentionFactor(parameters, factor), parameters.Flag("truncate") ?? true);
    }

    /// <summary>Given, or the ratio of two magnitudes (DeepSeek), or YaRN's own magnitude.</summary>
    private static float AttentionFactor(ConfigJson parameters, float factor)
    {
        if (Number(parameters, "attention_factor") is { } given) return given;
        var (one, all) = (Number(parameters, "mscale") ?? 0, Number(parameters, "mscale_all_dim") ?? 0);
        return one != 0 && all != 0 ? Magnitude(one) / Magnitude(all) : Magnitude(1);

        float Magnitude(float scale) => factor <= 1 ? 1 : 0.1f * scale * MathF.Log(factor) + 1;
    }

    private static float? Number(ConfigJson parameters, string key) => (float?)parameters.Number(key);

    private static float Need(ConfigJson parameters, string key) => Number(parameters, key)
        ?? throw new ModelFormatException($"'{parameters.Path}' scales its positions, but gives no '{key}'.");

    private static int Times(int context, float factor) => (int)Math.Clamp((double)context * factor, 0, int.MaxValue);
}
