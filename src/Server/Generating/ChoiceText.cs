using Minka.Models.Tokenization;

namespace Minka.Server.Generating;

/// <summary>From the tokens of one choice to the pieces of its answer: letters, stop strings, thoughts and calls.
/// </summary>
internal sealed class ChoiceText(TextStream stream, StopStrings stops, IAnswerReader? reader)
{
    private readonly List<OutputPart> _parts = [];
    private readonly List<TextToken> _tokens = [];
    private int _unattributed, _calls;

    /// <summary>The stop string that was met; null while there is none.</summary>
    public string? StopText => stops.Found;

    /// <summary>A call has begun, and is one.</summary>
    public bool HasCalls => _calls > 0;

    /// <summary>Nothing more comes.</summary>
    public bool IsEnded { get; set; }

    /// <summary>Tokens of the text so far.</summary>
    public int Tokens { get; set; }

    /// <summary>When the last of them was made, since submission.</summary>
    public TimeSpan LastTokenAt { get; set; }

    /// <summary>Of those, tokens of thoughts.</summary>
    public int ReasoningTokens { get; private set; }

    /// <summary>Takes a token of the text.</summary>
    public void Push(in TextToken token, int choice, bool keepsTokens, List<TextEvent> events)
    {
        if (keepsTokens) _tokens.Add(token);
        _unattributed++;
        Take(stops.Push(stream.Push(token.Id)), choice, events);
    }

    /// <summary>Ends the text: what was held back is sure now.</summary>
    /// <param name="choice">From 0.</param>
    /// <param name="keepsStop">The stop string that was met belongs to the text.</param>
    /// <param name="events">Gets the rest.</param>
    public void Finish(int choice, bool keepsStop, List<TextEvent> events)
    {
        var rest = stops.Push(stream.Finish()) + stops.Finish();
        if (keepsStop) rest += stops.Found;
        Take(rest, choice, events);
        if (reader is not null)
        {
            reader.Finish(_parts);
            Release(choice, events);
        }
        // Tokens without text, such as half a letter that never became one: their ids still belong to the answer.
        if (_tokens.Count > 0) events.Add(new TextEvent.Delta(choice, new OutputPart.Text(""), TakeTokens()));
    }

    private void Take(string text, int choice, List<TextEvent> events)
    {
        if (text.Length == 0) return;
        if (reader is null) _parts.Add(new OutputPart.Text(text));
        else reader.Push(text, _parts);
        Release(choice, events);
    }

    private void Release(int choice, List<TextEvent> events)
    {
        if (_parts.Count == 0) return;
        if (_parts[0] is OutputPart.Reasoning) ReasoningTokens += _unattributed;
        _unattributed = 0;
        foreach (var part in _parts)
        {
            if (part is OutputPart.CallBegin) _calls++;
            if (part is OutputPart.CallBroken) _calls--;
            events.Add(new TextEvent.Delta(choice, part, TakeTokens()));
        }
        _parts.Clear();
    }

    private TextToken[] TakeTokens()
    {
        if (_tokens.Count == 0) return [];
        var taken = _tokens.ToArray();
        _tokens.Clear();
        return taken;
    }
}
