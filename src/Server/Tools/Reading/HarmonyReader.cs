using System.Text;
using Minka.Models.Tokenization;
using Minka.Server.Generating;

namespace Minka.Server.Tools.Reading;

/// <summary>Splits an answer in channels: <c>analysis</c> is reasoning, a message to a function is a call, all else is
/// content.</summary>
internal sealed class HarmonyReader(AnswerParts parts) : IAnswerReader
{
    private const int HeadMax = 1024;
    private const string Recipient = "to=functions.";
    private static readonly string[] Marks =
        ["<|start|>", "<|channel|>", "<|constrain|>", "<|message|>", "<|end|>", "<|call|>", "<|return|>"];

    private readonly StringBuilder _head = new(), _raw = new();
    private StopStrings _marks = new(Marks);
    private Place _place = Place.Head;
    private JsonScanner _scanner = new();

    private enum Place { Head, Reasoning, Content, Call }

    public void Push(string text, ICollection<OutputPart> output)
    {
        foreach (var unit in text)
        {
            Write(_marks.Push(unit.ToString()));
            if (_marks.Found is not { } mark) continue;
            _marks = new(Marks);
            Take(mark);
        }
        parts.DrainTo(output);
    }

    public void Finish(ICollection<OutputPart> output)
    {
        Write(_marks.Finish());
        EndMessage();
        // A head without a mark is an answer of a model that does not speak in channels.
        if (_place == Place.Head && !_head.ToString().Contains("<|", StringComparison.Ordinal))
            parts.Content(_head.ToString());
        parts.DrainTo(output);
    }

    private void Take(string mark)
    {
        switch (mark)
        {
            case "<|message|>":
                BeginMessage(_head.ToString());
                break;
            case "<|channel|>" or "<|constrain|>" when _place == Place.Head:
                _head.Append(mark);
                break;
            case "<|start|>" or "<|channel|>":
                EndMessage();
                BeginHead(mark);
                break;
            default:
                EndMessage();
                BeginHead("");
                break;
        }
    }

    private void BeginHead(string mark)
    {
        _place = Place.Head;
        _head.Clear().Append(mark);
    }

    private void BeginMessage(string head)
    {
        _raw.Clear();
        var at = head.IndexOf(Recipient, StringComparison.Ordinal);
        if (at >= 0)
        {
            var name = head[(at + Recipient.Length)..];
            var end = name.AsSpan().IndexOfAny(" <\n");
            if (end >= 0) name = name[..end];
            _scanner = new JsonScanner();
            _raw.Append(head).Append("<|message|>");
            _place = parts.TryBegin(name) ? Place.Call : Place.Content;
            if (_place == Place.Content) parts.Content(_raw.ToString());
            return;
        }
        _place = head.Contains("analysis", StringComparison.Ordinal) ? Place.Reasoning : Place.Content;
    }

    private void Write(string text)
    {
        if (text.Length == 0) return;
        switch (_place)
        {
            case Place.Reasoning:
                parts.Reasoning(text);
                break;
            case Place.Content:
                parts.Content(text);
                break;
            case Place.Call:
                WriteCall(text);
                break;
            case Place.Head when _head.Length + text.Length <= HeadMax:
                _head.Append(text);
                break;
            default:
                // No head is that long: the model does not speak in channels.
                parts.Content(_head.ToString() + text);
                _place = Place.Content;
                break;
        }
    }

    private void WriteCall(string text)
    {
        _raw.Append(text);
        foreach (var unit in text)
        {
            if (_place != Place.Call) parts.Content(unit.ToString());
            else if (parts.IsInCall && !_scanner.Take(unit))
            {
                parts.Break(_raw.ToString());
                _place = Place.Content;
                return;
            }
            else if (parts.IsInCall)
            {
                parts.Arguments(unit);
                if (_scanner.Place == JsonPlace.Complete) parts.End();
            }
        }
    }

    private void EndMessage()
    {
        if (parts.IsInCall) parts.Break(_raw.ToString());
    }
}
