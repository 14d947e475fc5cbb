namespace Minka.Models.Loading;

/// <summary>A sound model that Minka does not run yet: an architecture, a quantization, a number format.</summary>
public sealed class UnsupportedModelException : ModelFormatException
{
    /// <summary>Says what is missing.</summary>
    /// <param name="feature">Short name of what is not built, e.g. <c>architecture gemma2</c>.</param>
    /// <param name="message">One sentence: what was found, what there is, what to do.</param>
    public UnsupportedModelException(string feature, string message) : base(message) => Feature = feature;

    /// <summary>Short name of what is not built, e.g. <c>architecture gemma2</c> or <c>quantization gptq</c>.</summary>
    public string Feature { get; }
}
