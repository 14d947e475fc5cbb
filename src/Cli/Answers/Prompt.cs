using Minka.Cli.Chat;

namespace Minka.Cli.Answers;

/// <summary>What a model is asked.</summary>
internal abstract record Prompt
{
    private Prompt() { }

    /// <summary>Messages, which the model's template turns into text.</summary>
    public sealed record Messages(IReadOnlyList<Turn> Turns) : Prompt;

    /// <summary>Text to continue as it is.</summary>
    public sealed record Raw(string Text) : Prompt;
}
