namespace Minka.Models.Architectures;

/// <summary>The families this program can run. To add one: one file here, one line in the list.</summary>
internal static class Architectures
{
    /// <summary>Every family.</summary>
    public static readonly IReadOnlyList<IArchitecture> All =
    [
        new Llama(),
        new Mistral(),
        new Mixtral(),
        new Qwen2(),
        new Qwen3(),
        new Qwen3Moe(),
    ];

    /// <summary>Finds a family by the name in a model's configuration.</summary>
    /// <exception cref="ModelFormatException">There is none of that name.</exception>
    public static IArchitecture Find(string name) =>
        All.FirstOrDefault(architecture => architecture.Name == name)
        ?? throw new ModelFormatException($"The model is of the architecture '{name}'; this program runs "
            + $"{string.Join(", ", All.Select(architecture => architecture.Name))}.");
}
