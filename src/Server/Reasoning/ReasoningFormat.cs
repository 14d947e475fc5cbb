namespace Minka.Server.Reasoning;

/// <summary>How a model marks what it thinks before it answers.</summary>
/// <param name="Open">Begins it.</param>
/// <param name="Close">Ends it.</param>
internal sealed record ReasoningFormat(string Open, string Close)
{
    private static readonly ReasoningFormat[] All =
    [
        new("<think>", "</think>"),
        new("[THINK]", "[/THINK]"),
        new("<seed:think>", "</seed:think>"),
        new("◁think▷", "◁/think▷"),
        new("<|START_THINKING|>", "<|END_THINKING|>"),
        new("<reasoning>", "</reasoning>"),
    ];

    /// <summary>The format that a chat template speaks of; null when it speaks of none.</summary>
    public static ReasoningFormat? Of(string? template) => Array.Find(
        All, format => template is not null && template.Contains(format.Close, StringComparison.Ordinal));

    /// <summary>Whether a prompt leaves the model thinking: it ends with the opening mark.</summary>
    public bool IsOpenedBy(string prompt) => prompt.AsSpan().TrimEnd().EndsWith(Open, StringComparison.Ordinal);
}
