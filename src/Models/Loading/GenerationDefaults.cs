namespace Minka.Models.Loading;

/// <summary>How a model's makers suggest to sample from it. Null means they say nothing.</summary>
public sealed record GenerationDefaults
{
    /// <summary>Nothing suggested.</summary>
    public static readonly GenerationDefaults None = new();

    /// <summary>Whether to sample at all; false is greedy.</summary>
    public bool? DoSample { get; init; }

    /// <summary>Divides the logits; 0 or more.</summary>
    public float? Temperature { get; init; }

    /// <summary>Keeps so many of the best tokens; 0 keeps all.</summary>
    public int? TopK { get; init; }

    /// <summary>Keeps the best tokens up to this probability together, 0 to 1.</summary>
    public float? TopP { get; init; }

    /// <summary>Keeps tokens of at least this share of the best one's probability, 0 to 1.</summary>
    public float? MinP { get; init; }

    /// <summary>Divides positive logits of tokens that occurred, multiplies negative ones; 1 for none.</summary>
    public float? RepetitionPenalty { get; init; }

    /// <summary>Tokens that end a generation, each once; may be empty.</summary>
    public IReadOnlyList<int> EosIds { get; init; } = [];

    /// <exception cref="ModelFormatException">A number is outside of its range.</exception>
    internal GenerationDefaults Check(string path)
    {
        InRange(path, "temperature", Temperature, float.MaxValue);
        InRange(path, "top-k", TopK, int.MaxValue);
        InRange(path, "top-p", TopP, 1);
        InRange(path, "min-p", MinP, 1);
        InRange(path, "repetition penalty", RepetitionPenalty, float.MaxValue);
        if (EosIds.Any(id => id < 0))
            throw new ModelFormatException($"'{path}' ends texts with the token {EosIds.Min()}; ids begin at 0.");
        return this;
    }

    private static void InRange(string path, string what, float? value, float most)
    {
        if (value is { } number && !(number >= 0 && number <= most))
            throw new ModelFormatException($"'{path}' suggests a {what} of {number}; 0 to {most} makes sense.");
    }
}
