namespace Minka.LoadTest.Client;

/// <summary>What came of one request. Times are in seconds from the start of the run.</summary>
public sealed record RequestOutcome
{
    /// <summary>When it should have been sent; waiting on our side counts as the server's latency.</summary>
    public required double PlannedAt { get; init; }

    /// <summary>When it was sent.</summary>
    public required double SentAt { get; init; }

    /// <summary>When its first token came; null if none did.</summary>
    public double? FirstTokenAt { get; init; }

    /// <summary>Seconds between one piece of output and the next: the inter-token latencies.</summary>
    public IReadOnlyList<double> Gaps { get; init; } = [];

    /// <summary>When it was over, however it ended.</summary>
    public required double EndAt { get; init; }

    /// <summary>Tokens of the prompt: the server's count, else the wanted length.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Tokens made: the server's count, else pieces of output.</summary>
    public required int OutputTokens { get; init; }

    /// <summary>The server counted the tokens.</summary>
    public bool IsCounted { get; init; }

    /// <summary>Its connection broke before any answer, so it was sent once more over a new one. Its times are those
    /// since it was sent first.</summary>
    public bool IsResent { get; init; }

    /// <summary>Why it failed; null if it did not.</summary>
    public Failure? Failure { get; init; }

    /// <summary>It brought a whole answer.</summary>
    public bool IsCompleted => Failure is null;

    /// <summary>Time to first token from when it should have been sent, s.</summary>
    public double Ttft => (FirstTokenAt ?? EndAt) - PlannedAt;

    /// <summary>Time to first token from when it was sent, s.</summary>
    public double TtftFromSend => (FirstTokenAt ?? EndAt) - SentAt;

    /// <summary>When the last token came.</summary>
    public double LastTokenAt => FirstTokenAt is { } first ? first + Gaps.Sum() : EndAt;

    /// <summary>From when it should have been sent to the last token, s.</summary>
    public double EndToEnd => LastTokenAt - PlannedAt;

    /// <summary>Mean time of a token after the first, s; 0 if there is only one.</summary>
    public double Tpot => OutputTokens > 1 && FirstTokenAt is { } first
        ? (LastTokenAt - first) / (OutputTokens - 1) : 0;
}
