namespace Minka.Models.Loading.HuggingFace;

/// <summary>How one family's <c>config.json</c> is read and what its tensors are called.</summary>
internal abstract class HuggingFaceFamily
{
    /// <summary>Its <c>model_type</c>.</summary>
    public abstract string ModelType { get; }

    /// <summary>Hyperparameters, not checked yet.</summary>
    public abstract ModelConfig Configure(ConfigJson config);

    /// <summary>The tensor that is called <paramref name="weight"/> in GGUF; null when the family has none.</summary>
    public virtual string? TensorName(string weight) => DecoderNames.Find(weight);
}
