using Minka.Engine.Constraints;
using Minka.Engine.Scheduling;
using Minka.Engine.Speculation;

namespace Minka.Engine;

/// <summary>Limits and habits of the engine.</summary>
public sealed record EngineOptions
{
    /// <summary>Limits of the scheduler.</summary>
    public SchedulerOptions Scheduling { get; init; } = new();

    /// <summary>The model's own ends of text.</summary>
    public IReadOnlyList<int> EosIds { get; init; } = [];

    /// <summary>What the tokens say; without it, constraints are refused.</summary>
    public TokenVocabulary? Vocabulary { get; init; }

    /// <summary>Who guesses tokens ahead; nobody when null.</summary>
    public IDrafter? Drafter { get; init; }

    /// <summary>Tokens that wait for the reader of one request; at more than this its sequences pause.</summary>
    public int UnreadTokensMax { get; init; } = 256;

    /// <summary>A reader that lets its request pause longer than this loses it.</summary>
    public TimeSpan SlowReaderLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Steps lost one after the other before the engine gives up.</summary>
    public int LostStepsMax { get; init; } = 3;
}
