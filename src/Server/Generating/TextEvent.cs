using Minka.Engine.Sampling;

namespace Minka.Server.Generating;

/// <summary>What happens to one choice of a generation.</summary>
/// <param name="Choice">From 0.</param>
internal abstract record TextEvent(int Choice)
{
    /// <summary>More of the answer.</summary>
    /// <param name="Choice">From 0.</param>
    /// <param name="Part">Text, thoughts or a part of a call.</param>
    /// <param name="Tokens">The tokens that made it certain, held ones included; empty unless ids or log-probabilities
    /// were asked for.</param>
    public sealed record Delta(int Choice, OutputPart Part, IReadOnlyList<TextToken> Tokens) : TextEvent(Choice);

    /// <summary>The choice is whole; exactly once.</summary>
    /// <param name="Choice">From 0.</param>
    /// <param name="Finish">Why.</param>
    /// <param name="StopText">The stop string that was met; null for none.</param>
    /// <param name="StopId">The id of <c>stop_token_ids</c> that was met; null for none and for the model's own end.
    /// </param>
    public sealed record End(int Choice, TextFinish Finish, string? StopText, int? StopId) : TextEvent(Choice);
}

/// <summary>A token of an answer.</summary>
/// <param name="Id">Token id.</param>
/// <param name="Logprobs">When asked for.</param>
internal readonly record struct TextToken(int Id, TokenLogprobs? Logprobs);

/// <summary>Why a text ended.</summary>
internal enum TextFinish
{
    /// <summary>The model ended it, or a stop string or id was met.</summary>
    Stop,

    /// <summary>As many tokens as asked for, or as the context holds.</summary>
    Length,

    /// <summary>It ended with calls of tools, whose results are awaited.</summary>
    ToolCalls,
}

/// <summary>Tokens that a request took.</summary>
/// <param name="Prompt">Of the prompt, once for all choices.</param>
/// <param name="Cached">Of those, how many the prefix cache held.</param>
/// <param name="Completion">Of all choices.</param>
/// <param name="Reasoning">Of those, how many were thoughts.</param>
internal readonly record struct TokenUsage(int Prompt, int Cached, int Completion, int Reasoning)
{
    /// <summary>Prompt and completion.</summary>
    public int Total => Prompt + Completion;

    /// <summary>Of several generations together.</summary>
    public static TokenUsage operator +(TokenUsage a, TokenUsage b) =>
        new(a.Prompt + b.Prompt, a.Cached + b.Cached, a.Completion + b.Completion, a.Reasoning + b.Reasoning);
}
