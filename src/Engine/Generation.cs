using System.Threading.Channels;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;

namespace Minka.Engine;

/// <summary>A submitted request: its tokens as they come, its end, and the times in between.</summary>
/// <remarks>
/// One reader. Tokens wait here until they are read; when too many wait, the request's sequences pause and others go
/// on, so a slow reader costs nobody else anything. Leaving the enumeration early cancels the request.
/// </remarks>
public sealed class Generation : IAsyncEnumerable<GeneratedToken>
{
    private readonly LlmEngine _engine;
    private readonly Channel<GeneratedToken> _tokens;
    private readonly ReaderSignal _signal;
    private readonly Sequence[] _choices;
    private readonly TimeProvider _time;
    private readonly int _unreadMax;
    private readonly long _submitted;
    private CancellationTokenRegistration _registration;
    private long _started, _firstToken, _lastToken, _ended;
    private int _isPaused, _isCancelled, _isAnnounced, _open;

    internal Generation(
        LlmEngine engine, Sequence[] choices, int unreadMax, int perStepMax, TimeProvider time, TimeSpan submittedAt)
    {
        SubmittedAt = submittedAt;
        _engine = engine;
        _choices = choices;
        _open = choices.Length;
        _time = time;
        _unreadMax = unreadMax;
        _submitted = time.GetTimestamp();
        // The sequences pause at unreadMax; one more step and the ends still fit.
        var capacity = unreadMax + perStepMax + choices.Length;
        _tokens = Channel.CreateBounded<GeneratedToken>(
            new BoundedChannelOptions(capacity) { SingleReader = true, SingleWriter = true });
        _signal = new ReaderSignal(_tokens.Reader);
        foreach (var choice in choices) choice.Output = this;
    }

    /// <summary>The request.</summary>
    public GenerationRequest Request => _choices[0].Request;

    /// <summary>Completes after the last token was written; fails if the engine did.</summary>
    public Task Completion => _tokens.Reader.Completion;

    /// <summary>Tokens of the prompt.</summary>
    public int PromptTokens => _choices[0].PromptLength;

    /// <summary>Prompt tokens that the prefix cache held; known with the first token.</summary>
    public int CachedTokens => _choices[0].CachedTokens;

    /// <summary>Log-probabilities of the prompt, when asked for: entry i is about token i + 1. Whole with the first
    /// token.</summary>
    public IReadOnlyList<TokenLogprobs> PromptLogprobs => _choices[0].PromptLogprobs;

    /// <summary>The prompt's embedding, when asked for; empty before <see cref="Completion"/>, and if the request did
    /// not end by itself.</summary>
    public IReadOnlyList<float> Embedding { get; private set; } = [];

    /// <summary>Why no token could follow, in a sentence, when a choice ended with
    /// <see cref="FinishReason.Failed"/>.</summary>
    public string? Failure { get; private set; }

    /// <summary>How often its sequences gave their blocks back and were computed again.</summary>
    public int Preemptions
    {
        get
        {
            var sum = 0;
            foreach (var choice in _choices) sum += choice.Preemptions;
            return sum;
        }
    }

    /// <summary>Time in the queue; zero until it ended.</summary>
    public TimeSpan QueueTime => Since(Volatile.Read(ref _started));

    /// <summary>Time from submission to the first token; zero before.</summary>
    public TimeSpan TimeToFirstToken => Since(Volatile.Read(ref _firstToken));

    /// <summary>Time from the queue to the first token: what the prompt took; zero before.</summary>
    public TimeSpan PrefillTime => TimeToFirstToken is var first && first > TimeSpan.Zero ? first - QueueTime : first;

    /// <summary>Time from the first token to the last so far, of all choices together.</summary>
    public TimeSpan DecodeTime =>
        Since(Volatile.Read(ref _lastToken)) is var last && last > TimeSpan.Zero ? last - TimeToFirstToken : last;

    /// <summary>Time from submission to the end of the last choice; zero before.</summary>
    public TimeSpan Duration => Since(Volatile.Read(ref _ended));

    internal ReadOnlySpan<Sequence> Choices => _choices;

    /// <summary>On the engine's clock.</summary>
    internal TimeSpan SubmittedAt { get; }

    /// <summary>On the engine's clock.</summary>
    internal TimeSpan PausedAt { get; private set; }

    /// <summary>Ends the request at the next commit. Tokens already made can still be read.</summary>
    public void Cancel()
    {
        if (Interlocked.Exchange(ref _isCancelled, 1) == 0) _engine.Post(new(CommandKind.Cancel, this));
    }

    /// <summary>Ends one choice at the next commit; the others go on.</summary>
    public void Cancel(int choice) => _engine.Post(new(CommandKind.Cancel, this, choice));

    /// <summary>Takes a token that is there.</summary>
    public bool TryRead(out GeneratedToken token)
    {
        if (!_tokens.Reader.TryRead(out token)) return false;
        if (Volatile.Read(ref _isPaused) == 1 && _tokens.Reader.Count <= _unreadMax / 2
            && Interlocked.Exchange(ref _isPaused, 0) == 1)
            _engine.Post(new(CommandKind.Resume, this));
        return true;
    }

    /// <summary>Waits until a token is there; false when none will come any more.</summary>
    public ValueTask<bool> WaitToReadAsync(CancellationToken cancellation = default) => _signal.WaitAsync(cancellation);

    /// <summary>
    /// Whether the reader runs on the thread that wakes it, one reader of a step after the other. That is cheaper, and
    /// for readers that never block: while one does, the others wait. To be set before the first wait.
    /// </summary>
    public bool IsReadInline
    {
        get => _signal.IsInline;
        set => _signal.IsInline = value;
    }

    /// <summary>Lets a waiting reader go on although nothing came: it is told true and <see cref="TryRead"/> finds
    /// nothing. From any thread.</summary>
    public void WakeReader() => _signal.Wake();

    /// <summary>Every token to the end.</summary>
    public async IAsyncEnumerator<GeneratedToken> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        try
        {
            while (await WaitToReadAsync(cancellationToken).ConfigureAwait(false))
                while (TryRead(out var token)) yield return token;
        }
        finally
        {
            if (!Completion.IsCompleted) Cancel();
        }
    }

    /// <summary>Its last token was written.</summary>
    internal bool IsEnded => Volatile.Read(ref _ended) != 0;

    /// <summary>The reader shall be informed; false when that is on its way already.</summary>
    internal bool TryAnnounce() => Interlocked.Exchange(ref _isAnnounced, 1) == 0;

    /// <summary>Wakes the reader if anything is there for it.</summary>
    internal void Inform()
    {
        Interlocked.Exchange(ref _isAnnounced, 0);
        _signal.WakeForNews();
    }

    internal void CancelOn(CancellationToken cancellation)
    {
        if (!cancellation.CanBeCanceled) return;
        _registration = cancellation.UnsafeRegister(state => ((Generation)state!).Cancel(), this);
        if (Completion.IsCompleted) _registration.Unregister();
    }

    internal void Started()
    {
        if (_started == 0) Volatile.Write(ref _started, _time.GetTimestamp());
    }

    /// <summary>Adds a token; returns true when the sequences should pause now.</summary>
    internal bool Write(in GeneratedToken token, TimeSpan now)
    {
        if (!_tokens.Writer.TryWrite(token with { At = Stamp() }))
            throw Bug.Found($"{_tokens.Reader.Count} tokens are unread, more than a pause allows.");
        if (_isPaused == 1 || _tokens.Reader.Count < _unreadMax) return false;
        PausedAt = now;
        Volatile.Write(ref _isPaused, 1);
        // The reader may have emptied the buffer before it could see that it must say so.
        return _tokens.Reader.Count > _unreadMax / 2 || Interlocked.Exchange(ref _isPaused, 0) == 0;
    }

    /// <summary>Closes one choice; the last one closes the whole.</summary>
    /// <returns>True when it was the last one.</returns>
    internal bool End(in GeneratedToken end)
    {
        var isWhole = end.Finish is FinishReason.Stop or FinishReason.Length;
        var sequence = _choices[end.Choice];
        if (isWhole && Request.Embedding is { } embedding)
            Embedding = sequence.Hidden!.ToVector(embedding.IsNormalized);
        Failure ??= sequence.Failure;
        _tokens.Writer.TryWrite(end with { At = isWhole ? Stamp() : Since(_time.GetTimestamp()) });
        if (--_open > 0) return false;
        Close(null);
        return true;
    }

    internal void Close(Exception? error)
    {
        Volatile.Write(ref _ended, _time.GetTimestamp());
        _registration.Unregister();
        _tokens.Writer.TryComplete(error);
    }

    /// <summary>Takes the time of a token, since submission.</summary>
    private TimeSpan Stamp()
    {
        var now = _time.GetTimestamp();
        if (_firstToken == 0) Volatile.Write(ref _firstToken, now);
        Volatile.Write(ref _lastToken, now);
        return Since(now);
    }

    private TimeSpan Since(long timestamp) =>
        timestamp == 0 ? TimeSpan.Zero : _time.GetElapsedTime(_submitted, timestamp);
}
