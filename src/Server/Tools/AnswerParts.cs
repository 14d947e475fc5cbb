using System.Text;
using Minka.Server.Generating;

namespace Minka.Server.Tools;

/// <summary>Collects the parts of an answer: neighbours of one kind become one, and only offered tools are
/// called.</summary>
/// <param name="tools">Tools that may be called.</param>
/// <param name="newId">Makes the id of a call.</param>
internal sealed class AnswerParts(IReadOnlyList<ToolDefinition> tools, Func<string> newId)
{
    private readonly StringBuilder _text = new();
    private readonly List<OutputPart> _parts = [];
    private Kind _kind;

    private enum Kind { None, Content, Reasoning, Arguments }

    /// <summary>Calls begun so far.</summary>
    public int Calls { get; private set; }

    /// <summary>A call has begun and not ended.</summary>
    public bool IsInCall { get; private set; }

    public void Content(string text) => Add(Kind.Content, text);

    public void Reasoning(string text) => Add(Kind.Reasoning, text);

    /// <summary>The tool of a name; null when it was not offered.</summary>
    public ToolDefinition? Find(string name) => tools.FirstOrDefault(tool => tool.Name == name);

    /// <summary>Begins a call; false when there is no such tool.</summary>
    public bool TryBegin(string name)
    {
        if (IsInCall || Find(name) is null) return false;
        Close();
        _parts.Add(new OutputPart.CallBegin(Calls++, newId(), name));
        return IsInCall = true;
    }

    public void Arguments(string text) => Add(Kind.Arguments, text);

    public void Arguments(char unit)
    {
        Turn(Kind.Arguments);
        _text.Append(unit);
    }

    /// <summary>The call is whole.</summary>
    public void End()
    {
        Close();
        IsInCall = false;
    }

    /// <summary>The call will never be whole.</summary>
    /// <param name="text">What the model wrote of it.</param>
    public void Break(string text)
    {
        Close();
        _parts.Add(new OutputPart.CallBroken(Calls - 1, text));
        IsInCall = false;
    }

    /// <summary>Gives away what was collected and begins anew.</summary>
    public void DrainTo(ICollection<OutputPart> parts)
    {
        Close();
        foreach (var part in _parts) parts.Add(part);
        _parts.Clear();
    }

    private void Add(Kind kind, string text)
    {
        if (text.Length == 0) return;
        Turn(kind);
        _text.Append(text);
    }

    private void Turn(Kind kind)
    {
        if (_kind == kind) return;
        Close();
        _kind = kind;
    }

    private void Close()
    {
        if (_text.Length > 0)
        {
            var text = _text.ToString();
            _parts.Add(_kind switch
            {
                Kind.Content => new OutputPart.Text(text),
                Kind.Reasoning => new OutputPart.Reasoning(text),
                _ => new OutputPart.CallArguments(Calls - 1, text),
            });
        }
        _text.Clear();
        _kind = Kind.None;
    }
}
