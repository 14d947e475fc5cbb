using Minka.Cli.Options;
using Minka.Models;
using Minka.Models.Loading;
using Minka.Models.Tokenization;

namespace Minka.Cli.Inspecting;

/// <summary>What is in a model's files. A model that cannot run can be looked at too: why is said beside it.</summary>
internal sealed class Inspection : IDisposable
{
    private Inspection(IWeightFile file, string? tokenizerPath)
    {
        File = file;
        (Config, ConfigProblem) = Try(() => file.Config);
        (Tokenizer, TokenizerProblem) = Try(() =>
        {
            using var package = ModelPackage.Open(file.Path, tokenizerPath);
            return package.Tokenizer;
        });
    }

    public IWeightFile File { get; }

    public ModelConfig? Config { get; }

    /// <summary>Why there is no <see cref="Config"/>.</summary>
    public string? ConfigProblem { get; }

    public Tokenizer? Tokenizer { get; }

    /// <summary>Why there is no <see cref="Tokenizer"/>.</summary>
    public string? TokenizerProblem { get; }

    /// <summary>The template that a chat uses; null when there is none.</summary>
    public string? TemplateText => File.ChatTemplates.GetValueOrDefault(ChatTemplateNames.Default)
        ?? File.ChatTemplates.Values.FirstOrDefault();

    /// <summary>Weights counted one by one.</summary>
    public long Parameters => File.Stored.Sum(Count);

    public long Bytes => File.Stored.Sum(tensor => tensor.Bytes);

    /// <summary>Types of tensors, those that take most first.</summary>
    public IReadOnlyList<(string Type, int Tensors, long Parameters, long Bytes)> ByType =>
    [
        .. File.Stored.GroupBy(tensor => tensor.Type)
            .Select(group => (group.Key, group.Count(), group.Sum(Count), group.Sum(tensor => tensor.Bytes)))
            .OrderByDescending(row => row.Item4),
    ];

    public static Inspection Open(ModelChoice choice) =>
        new(ModelFiles.Inspect(ModelLocator.Locate(choice.Name)), choice.TokenizerPath);

    /// <summary>Values of one tensor.</summary>
    public static long Count(StoredTensor tensor) =>
        tensor.Shape.Aggregate(1L, (product, size) => checked(product * size));

    public void Dispose() => File.Dispose();

    private static (T? Found, string? Problem) Try<T>(Func<T> read) where T : class
    {
        try
        {
            return (read(), null);
        }
        catch (ModelFormatException problem)
        {
            return (null, problem.Message);
        }
    }
}
