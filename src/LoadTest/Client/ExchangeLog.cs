namespace Minka.LoadTest.Client;

/// <summary>A request that is ready to be sent.</summary>
/// <param name="Body">JSON.</param>
/// <param name="PromptTokens">Wanted length, for servers that count nothing.</param>
/// <param name="OutputTokens">Tokens to make at most.</param>
public sealed record PreparedRequest(byte[] Body, int PromptTokens, int OutputTokens);

/// <summary>Writes down one request while it runs.</summary>
internal sealed class ExchangeLog(TimeProvider time, long start, PreparedRequest request, double plannedAt)
{
    /// <summary>Chunks that an answer may have beyond twice its tokens.</summary>
    private const int ChunksSpare = 64;

    private readonly double _sentAt = Seconds(time, start, time.GetTimestamp());
    private readonly List<double> _gaps = [];
    private double? _firstAt;
    private double _lastAt;
    private int? _promptTokens;
    private int? _outputTokens;
    private long _chunks;
    private bool _isFinished;

    public TimeProvider Time => time;

    /// <summary>The server answered with a status.</summary>
    public bool HasHeaders { get; set; }

    /// <summary>It was sent once more.</summary>
    public bool IsResent { get; set; }

    /// <summary>An event came.</summary>
    /// <exception cref="StreamFaultException">The answer has far more of them than tokens were asked for.</exception>
    public void Take(in Chunk chunk, long arrivedAt)
    {
        if (++_chunks > 2L * request.OutputTokens + ChunksSpare)
            throw new StreamFaultException(FailureKind.Endless,
                $"{_chunks} events for an answer of at most {request.OutputTokens} tokens");
        _isFinished |= chunk.IsFinished;
        _promptTokens = chunk.PromptTokens ?? _promptTokens;
        _outputTokens = chunk.OutputTokens ?? _outputTokens;
        if (!chunk.HasOutput) return;
        var at = Seconds(time, start, arrivedAt);
        if (_firstAt is null) _firstAt = at;
        else _gaps.Add(at - _lastAt);
        _lastAt = at;
    }

    /// <summary>What is wrong with an answer that ended; null if nothing is.</summary>
    public Failure? Verdict(bool isDone) =>
        !isDone && !_isFinished ? new(FailureKind.Truncated, "the stream ended before the answer did")
        : _firstAt is null ? new(FailureKind.Empty, "the answer ended without a token")
        : null;

    /// <summary>The request is over.</summary>
    public RequestOutcome Close(Failure? failure) => new()
    {
        PlannedAt = plannedAt,
        SentAt = _sentAt,
        FirstTokenAt = _firstAt,
        Gaps = _gaps,
        EndAt = Seconds(time, start, time.GetTimestamp()),
        PromptTokens = _promptTokens ?? request.PromptTokens,
        OutputTokens = _outputTokens ?? _gaps.Count + (_firstAt is null ? 0 : 1),
        IsCounted = _outputTokens is not null,
        IsResent = IsResent,
        Failure = failure,
    };

    private static double Seconds(TimeProvider time, long start, long at) =>
        time.GetElapsedTime(start, at).TotalSeconds;
}
