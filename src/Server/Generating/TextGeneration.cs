using System.Globalization;
using System.Runtime.CompilerServices;
using Minka.Engine;
using Minka.Engine.Sampling;
using Minka.Server.Metrics;

namespace Minka.Server.Generating;

/// <summary>A text as it is made: what the engine says of tokens, told in pieces of answers. One reader.</summary>
internal sealed class TextGeneration
{
    private readonly Generation _tokens;
    private readonly TextOptions _options;
    private readonly CancellationToken _aborted;
    private readonly TimeProvider _time;
    private readonly ChoiceText[] _choices;
    private int _open;

    public TextGeneration(
        Generation tokens, TextOptions options, TimeProvider time, Func<ChoiceText> begin, CancellationToken aborted)
    {
        (_tokens, _options, _aborted, _time) = (tokens, options, aborted, time);
        tokens.IsReadInline = true;     // What clients have not taken yet is awaited, never waited for.
        _choices = new ChoiceText[options.Choices];
        for (var i = 0; i < _choices.Length; i++) _choices[i] = begin();
        Finishes = new TextFinish?[options.Choices];
        _open = _choices.Length;
    }

    /// <summary>How it was asked for.</summary>
    public TextOptions Options => _options;

    /// <summary>Why each choice ended; null for one that has not.</summary>
    public TextFinish?[] Finishes { get; }

    /// <summary>Tokens so far.</summary>
    public TokenUsage Usage
    {
        get
        {
            var (tokens, reasoning) = (0, 0);
            foreach (var choice in _choices)
            {
                tokens += choice.Tokens;
                reasoning += choice.ReasoningTokens;
            }
            return new(_tokens.PromptTokens, _tokens.CachedTokens, tokens, reasoning);
        }
    }

    /// <summary>Token ids of the prompt.</summary>
    public ReadOnlyMemory<int> Prompt => _tokens.Request.Prompt;

    /// <summary>Log-probabilities of the prompt, when asked for: entry i is about token i + 1. Whole with the first
    /// token.</summary>
    public IReadOnlyList<TokenLogprobs> PromptLogprobs => _tokens.PromptLogprobs;

    /// <summary>Time in the engine's queue.</summary>
    public TimeSpan QueueTime => _tokens.QueueTime;

    /// <summary>From submitting to the first token made.</summary>
    public TimeSpan TimeToFirstToken => _tokens.TimeToFirstToken;

    /// <summary>From the first token made to the last.</summary>
    public TimeSpan DecodeTime => _tokens.DecodeTime;

    /// <summary>From submitting to the last token made.</summary>
    public TimeSpan Duration => _tokens.Duration;

    /// <summary>From the request's arrival to submitting: reading it, its template, its tokens.</summary>
    public TimeSpan SubmittedAfter { get; set; }

    /// <summary>Tokens of the longest choice.</summary>
    public int LongestChoice => _choices.Max(choice => choice.Tokens);

    /// <summary>Time between tokens of one choice.</summary>
    public Histogram Gaps { get; } = new(Buckets.BetweenTokensFine);

    /// <summary>Told how long it took when it came to its own end.</summary>
    public Action<TimeSpan>? Ended { get; set; }

    /// <summary>Ends it early.</summary>
    public void Cancel() => _tokens.Cancel();

    /// <summary>What happens, as much at a time as has happened; the list is the next round's again.</summary>
    /// <param name="quiet">After so long without news an empty list is given: time for a sign of life.</param>
    /// <param name="cancellation">Ends the generation.</param>
    /// <exception cref="ApiFault">The engine failed, or gave the request up.</exception>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async IAsyncEnumerable<IReadOnlyList<TextEvent>> BatchesAsync(
        TimeSpan quiet, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var events = new List<TextEvent>();
        using var silence = new Silence(_time, quiet, _tokens.WakeReader);
        try
        {
            while (_open > 0)
            {
                bool goesOn;
                try
                {
                    goesOn = await _tokens.WaitToReadAsync(cancellation).ConfigureAwait(false);
                }
                catch (Exception failure) when (failure is not OperationCanceledException and not ApiFault)
                {
                    throw ApiFault.EngineFailed();
                }
                if (!goesOn) break;
                var isQuiet = true;
                for (; _tokens.TryRead(out var token); isQuiet = false) Take(token, events);
                if (events.Count == 0 && !isQuiet) continue;
                yield return events;
                events.Clear();
                silence.Heard();
            }
        }
        finally
        {
            if (!_tokens.Completion.IsCompleted) _tokens.Cancel();
            else if (_open == 0) Ended?.Invoke(_tokens.Duration);
        }
    }

    /// <summary>Everything, without signs of life in between.</summary>
    public async IAsyncEnumerable<TextEvent> EventsAsync(
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (var events in BatchesAsync(Timeout.InfiniteTimeSpan, cancellation).ConfigureAwait(false))
            foreach (var happened in events) yield return happened;
    }

    private void Take(in GeneratedToken token, List<TextEvent> events)
    {
        var choice = _choices[token.Choice];
        if (choice.IsEnded) return;
        if (token.IsText || token.Finish == FinishReason.Stop) CountGap(choice, token.At);
        if (token.IsText)
        {
            choice.Tokens++;
            choice.Push(new(token.Id, token.Logprobs), token.Choice, KeepsTokens, events);
        }
        else if (token.Finish == FinishReason.Stop)
        {
            choice.Tokens++;
        }
        if (choice.StopText is not null) End(choice, token.Choice, TextFinish.Stop, null, events);
        else if (token.Finish != FinishReason.None) End(choice, token, events);
    }

    private void CountGap(ChoiceText choice, TimeSpan at)
    {
        if (choice.Tokens > 0) Gaps.Observe(at - choice.LastTokenAt);
        choice.LastTokenAt = at;
    }

    private bool KeepsTokens => _options.WantsTokens || _options.WantsLogprobs;

    private void End(ChoiceText choice, in GeneratedToken token, List<TextEvent> events)
    {
        var finish = token.Finish switch
        {
            FinishReason.Stop => TextFinish.Stop,
            FinishReason.Length => TextFinish.Length,
            FinishReason.Cancelled => throw Cancelled(),
            FinishReason.Deadline => throw TooLate(),
            FinishReason.SlowReader => throw new OperationCanceledException("The client did not read."),
            _ => throw ApiFault.Internal("No token could follow, or the engine failed; the server's log says why."),
        };
        var isStopId = token is { Finish: FinishReason.Stop, IsText: false } && _options.StopIds.Contains(token.Id);
        End(choice, token.Choice, finish, isStopId ? token.Id : null, events);
    }

    private void End(ChoiceText choice, int index, TextFinish finish, int? stopId, List<TextEvent> events)
    {
        choice.IsEnded = true;
        choice.Finish(index, _options.KeepsStop, events);
        if (choice.HasCalls && finish == TextFinish.Stop) finish = TextFinish.ToolCalls;
        Finishes[index] = finish;
        events.Add(new TextEvent.End(index, finish, choice.StopText, stopId));
        _open--;
        // The engine knows nothing of stop strings: its sequence would go on beside the others.
        if (choice.StopText is not null && _open > 0) _tokens.Cancel(index);
    }

    private ApiFault TooLate()
    {
        var (seconds, tokens) = (_tokens.Request.TimeLimit.TotalSeconds, Usage.Completion);
        return new(504, "server_error", "timeout", string.Create(CultureInfo.InvariantCulture,
            $"The 'timeout' of {seconds} s was over after {tokens} generated {(tokens == 1 ? "token" : "tokens")}; "
            + $"allow more time, or ask for fewer tokens."), "timeout");
    }

    private Exception Cancelled() => _aborted.IsCancellationRequested
        ? new OperationCanceledException(_aborted)
        : ApiFault.Unavailable("draining", "The server is going down; ask again.", TimeSpan.FromSeconds(5));
}
