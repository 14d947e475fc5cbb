using Minka.Models.Loading.HuggingFace.Families;

namespace Minka.Models.Loading.HuggingFace;

/// <summary>The families whose folders are read. To add one: one file in <c>Families</c>, one line here.</summary>
internal static class HuggingFaceFamilies
{
    public static readonly IReadOnlyList<HuggingFaceFamily> All =
    [
        new LlamaFamily(),
        new MistralFamily(),
        new MixtralFamily(),
        new Qwen2Family(),
        new Qwen3Family(),
        new Qwen3MoeFamily(),
    ];

    /// <exception cref="UnsupportedModelException">The model is of another family, or quantized.</exception>
    public static HuggingFaceFamily Find(ConfigJson config)
    {
        var type = config.Text("model_type")
            ?? throw new ModelFormatException($"'{config.Path}' does not name its model_type.");
        var family = All.FirstOrDefault(family => family.ModelType == type)
            ?? throw new UnsupportedModelException($"architecture {type}",
                $"'{config.Path}' is of architecture '{type}'; Minka runs "
                + $"{string.Join(", ", All.Select(family => family.ModelType))}.");
        if (config.Section("quantization_config") is { } quantization)
        {
            var method = quantization.Text("quant_method") ?? "of an unnamed method";
            throw new UnsupportedModelException($"quantization {method}",
                $"'{config.Path}' is quantized by '{method}', which Minka does not read; "
                + "use the unquantized model or a GGUF file.");
        }
        return family;
    }
}
