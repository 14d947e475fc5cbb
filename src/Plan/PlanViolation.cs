namespace Minka.Plan;

/// <summary>One thing that is wrong with a plan.</summary>
/// <param name="Where">The part of the plan, such as <c>replicas[0].stages[1]</c>.</param>
/// <param name="Sentence">What was found, what was needed, what to do.</param>
public sealed record PlanViolation(string Where, string Sentence)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Where}: {Sentence}";
}

/// <summary>A plan cannot be read, made or carried out.</summary>
/// <param name="violations">Everything that is wrong; at least one.</param>
public sealed class PlanException(IReadOnlyList<PlanViolation> violations)
    : Exception(string.Join('\n', violations))
{
    /// <summary>One thing is wrong.</summary>
    internal PlanException(string where, string sentence)
        : this([new(where, sentence)])
    {
    }

    /// <summary>Everything that is wrong.</summary>
    public IReadOnlyList<PlanViolation> Violations { get; } = violations;
}
