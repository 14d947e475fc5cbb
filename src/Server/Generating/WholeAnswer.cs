using System.Text;

namespace Minka.Server.Generating;

/// <summary>One choice from its beginning to its end.</summary>
internal sealed class WholeAnswer
{
    private readonly StringBuilder _text = new(), _reasoning = new();
    private readonly List<(OutputPart.CallBegin Begin, StringBuilder Arguments)> _calls = [];
    private readonly List<TextToken> _tokens = [];

    /// <summary>What it says; empty where it only calls.</summary>
    public string Text => _text.ToString();

    /// <summary>What it thought; empty for nothing.</summary>
    public string Reasoning => _reasoning.ToString();

    /// <summary>What it calls, in order.</summary>
    public IReadOnlyList<ToolCall> Calls =>
        [.. _calls.Select(call => new ToolCall(call.Begin.Id, call.Begin.Name, call.Arguments.ToString()))];

    /// <summary>The tokens of its text, when asked for.</summary>
    public IReadOnlyList<TextToken> Tokens => _tokens;

    /// <summary>Its end.</summary>
    public TextEvent.End End { get; private set; } = new(0, TextFinish.Stop, null, null);

    /// <summary>Reads every choice of a generation.</summary>
    public static async Task<IReadOnlyList<WholeAnswer>> ReadAsync(TextGeneration generation)
    {
        var choices = new WholeAnswer[generation.Options.Choices];
        for (var i = 0; i < choices.Length; i++) choices[i] = new WholeAnswer();
        await foreach (var happened in generation.EventsAsync().ConfigureAwait(false))
            choices[happened.Choice].Add(happened);
        return choices;
    }

    /// <summary>Takes what happened to it.</summary>
    public void Add(TextEvent happened)
    {
        if (happened is TextEvent.End end)
        {
            End = end;
            return;
        }
        var delta = (TextEvent.Delta)happened;
        switch (delta.Part)
        {
            case OutputPart.Text text:
                _text.Append(text.Value);
                _tokens.AddRange(delta.Tokens);
                break;
            case OutputPart.Reasoning reasoning:
                _reasoning.Append(reasoning.Value);
                break;
            case OutputPart.CallBegin begin:
                _calls.Add((begin, new StringBuilder()));
                break;
            case OutputPart.CallArguments arguments:
                _calls.Find(call => call.Begin.Index == arguments.Index).Arguments.Append(arguments.Json);
                break;
            case OutputPart.CallBroken broken:
                _calls.RemoveAll(call => call.Begin.Index == broken.Index);
                _text.Append(broken.Written);
                break;
        }
    }
}
