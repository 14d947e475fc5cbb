using System.Text;
using Minka.Models.Tokenization;
using Minka.Server.Generating;
using Minka.Server.Tools;

namespace Minka.Server.Reasoning;

/// <summary>Separates what a model thinks, at the beginning of its answer, from the answer. White space around the
/// marks is dropped.</summary>
/// <param name="format">The marks.</param>
/// <param name="isOpen">The prompt has already begun the thinking.</param>
/// <param name="parts">Where the thoughts go.</param>
/// <param name="answer">What reads the answer itself; it collects in <paramref name="parts"/> too.</param>
internal sealed class ReasoningReader(ReasoningFormat format, bool isOpen, AnswerParts parts, IAnswerReader answer)
    : IAnswerReader
{
    private readonly StringBuilder _held = new();
    private readonly StopStrings _close = new([format.Close]);
    private State _state = isOpen ? State.Thinking : State.Start;
    private bool _hasThought;

    private enum State { Start, Thinking, AfterThinking, Answer }

    public void Push(string text, ICollection<OutputPart> output)
    {
        for (var at = 0; at < text.Length; at++)
        {
            if (_state == State.AfterThinking && !char.IsWhiteSpace(text[at])) _state = State.Answer;
            switch (_state)
            {
                case State.Start:
                    TakeAtStart(text[at], output);
                    break;
                case State.Thinking:
                    Think(_close.Push(text[at].ToString()));
                    if (_close.Found is not null) _state = State.AfterThinking;
                    break;
                case State.Answer:
                    answer.Push(text[at..], output);
                    return;
            }
        }
        parts.DrainTo(output);
    }

    public void Finish(ICollection<OutputPart> output)
    {
        if (_state == State.Thinking) Think(_close.Finish());
        if (_state == State.Start) answer.Push(_held.ToString(), output);
        answer.Finish(output);
    }

    /// <summary>White space and the opening mark, or the answer.</summary>
    private void TakeAtStart(char unit, ICollection<OutputPart> output)
    {
        _held.Append(unit);
        var seen = _held.ToString().AsSpan().TrimStart();
        if (seen.SequenceEqual(format.Open)) _state = State.Thinking;
        if (format.Open.AsSpan().StartsWith(seen, StringComparison.Ordinal)) return;
        _state = State.Answer;
        answer.Push(_held.ToString(), output);
    }

    /// <summary>Thoughts without the white space at their ends.</summary>
    private void Think(string text)
    {
        if (!_hasThought) text = text.TrimStart();
        if (text.Length == 0) return;
        if (!_hasThought) _held.Clear();
        _hasThought = true;
        var trimmed = text.AsSpan().TrimEnd();
        if (trimmed.Length > 0)
        {
            parts.Reasoning(_held.Append(trimmed).ToString());
            _held.Clear();
        }
        _held.Append(text.AsSpan(trimmed.Length));
    }
}
