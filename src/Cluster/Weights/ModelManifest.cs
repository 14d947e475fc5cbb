using System.Text.Json;
using System.Text.Json.Serialization;
using Minka.Cluster.Protocol;
using Minka.Compute;
using Minka.Models;
using Minka.Models.Loading;
using Minka.Plan;

namespace Minka.Cluster.Weights;

/// <summary>A model without its weights: what a worker must know to load slices without having a file.</summary>
/// <param name="Config">Hyperparameters, checked.</param>
/// <param name="Weights">Every weight of the model, by name.</param>
internal sealed record ModelManifest(ModelConfig Config, IReadOnlyDictionary<string, WeightShape> Weights)
{
    private const int NameMax = 200;

    /// <summary>What a model's file says.</summary>
    public static ModelManifest Of(IWeightFile file)
    {
        var weights = new Dictionary<string, WeightShape>(StringComparer.Ordinal);
        foreach (var name in PlannedModel.NamesOf(file.Config))
            if (file.TryFind(name, out var weight))
                weights[name] = new(name, weight.Type, weight.Rows, weight.Columns);
        return new(file.Config, weights);
    }

    /// <summary>As it travels.</summary>
    public ModelFacts ToFacts()
    {
        var facts = new ModelFacts
        {
            ConfigJson = JsonSerializer.Serialize(Config, ModelConfigJson.Default.ModelConfig),
        };
        facts.Weights.AddRange(Weights.Values.Select(weight => new WeightFacts
        {
            Name = weight.Name, Type = weight.Type.ToString(), Rows = weight.Rows, Columns = weight.Columns,
        }));
        return facts;
    }

    /// <summary>Reads what travelled, and holds it against the plan.</summary>
    /// <exception cref="ModelFormatException">It is not sound, or not the plan's model.</exception>
    public static ModelManifest Read(ModelFacts facts, ModelShape planned)
    {
        var config = ReadConfig(facts.ConfigJson);
        ConfigRules.Check("the root", config);
        if ((config.Layers, config.Width, config.Heads, config.KvHeads, config.HeadDim, config.FeedForwardWidth,
                config.Experts.Count, config.VocabularySize)
            != (planned.Layers, planned.Width, planned.Heads, planned.KvHeads, planned.HeadDim,
                planned.FeedForwardWidth, planned.Experts, planned.VocabularySize))
            throw new ModelFormatException($"The root describes another model than its plan for '{planned.Name}' "
                + "does; root and worker are of different builds.");
        var weights = new Dictionary<string, WeightShape>(StringComparer.Ordinal);
        foreach (var weight in facts.Weights) weights[weight.Name] = ReadShape(weight);
        return new(config, weights);
    }

    private static ModelConfig ReadConfig(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ModelConfigJson.Default.ModelConfig)
                ?? throw new JsonException("null");
        }
        catch (Exception wrong) when (wrong is JsonException or NotSupportedException)
        {
            throw new ModelFormatException("The root's hyperparameters cannot be read; root and worker are of "
                + "different builds.", wrong);
        }
    }

    /// <summary>Names become files, so only what is harmless there is taken.</summary>
    private static WeightShape ReadShape(WeightFacts weight)
    {
        var isHarmless = weight.Name.Length is > 0 and <= NameMax && weight.Name[0] != '.'
            && weight.Name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-');
        if (!isHarmless || !Enum.TryParse<DType>(weight.Type, out var type) || !Enum.IsDefined(type)
            || weight.Rows < 1 || weight.Columns < 1 || weight.Columns % type.BlockLength() != 0)
            throw new ModelFormatException($"The root describes a weight of type '{weight.Type}' with {weight.Rows} "
                + $"rows of {weight.Columns} values, which is none; root and worker are of different builds.");
        return new(weight.Name, type, weight.Rows, weight.Columns);
    }
}

/// <summary>Hyperparameters as JSON, by their names in C#.</summary>
[JsonSourceGenerationOptions(NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(ModelConfig))]
internal sealed partial class ModelConfigJson : JsonSerializerContext;
