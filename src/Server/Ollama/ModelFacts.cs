using System.Globalization;

namespace Minka.Server.Ollama;

/// <summary>What a model's file says of it, in Ollama's words.</summary>
/// <param name="Format">Of its file.</param>
/// <param name="Family">Architecture; empty when it was never loaded.</param>
/// <param name="Parameters">Numbers in all its tensors.</param>
/// <param name="Quantization">The type that most of its bytes have.</param>
internal sealed record ModelFacts(string Format, string Family, long Parameters, string Quantization)
{
    /// <summary>Of a model that is not loaded.</summary>
    public static readonly ModelFacts Unknown = new("", "", 0, "");

    /// <summary>Such as 1.2B; empty when unknown.</summary>
    public string ParameterSize => Parameters switch
    {
        0 => "",
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{Parameters / 1e9:0.0}B"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{Parameters / 1e6:0.00}M"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Parameters / 1e3:0.0}K"),
    };

    /// <summary>Of a loaded model.</summary>
    public static ModelFacts Of(ServedModel model)
    {
        var weights = model.Package.Weights;
        var format = weights.Format.Split(' ')[0].ToLowerInvariant();
        var parameters = weights.Stored.Sum(tensor => tensor.Shape.Aggregate(1L, (product, size) => product * size));
        var types = weights.Stored.GroupBy(tensor => tensor.Type).OrderByDescending(type => type.Sum(it => it.Bytes));
        return new(format, model.Config.Architecture, parameters, types.FirstOrDefault()?.Key ?? "");
    }
}
