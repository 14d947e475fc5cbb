using System.Text;
using Minka.Models.Tokenization;
using Minka.Server.Generating;
using Minka.Server.Tools.Formats;

namespace Minka.Server.Tools.Reading;

/// <summary>Splits an answer whose parts begin with a recipient and the end of a line; the first mark may be in the
/// prompt.</summary>
internal sealed class RecipientReader(AnswerParts parts) : IAnswerReader
{
    private const int HeadMax = 128;

    private readonly StringBuilder _head = new(), _raw = new();
    private StopStrings _marks = new([FunctionaryRecipients.Mark]);
    private JsonScanner _scanner = new();
    private Place _place = Place.Head;
    private bool _isFirst = true;

    private enum Place { Head, Content, Call, AfterCall }

    public void Push(string text, ICollection<OutputPart> output)
    {
        foreach (var unit in text) Take(unit);
        parts.DrainTo(output);
    }

    public void Finish(ICollection<OutputPart> output)
    {
        Write(_marks.Finish());
        if (_place == Place.Head) GiveUpHead();
        if (parts.IsInCall) parts.Break(_raw.ToString());
        parts.DrainTo(output);
    }

    private void Take(char unit)
    {
        // Within a call's arguments nothing is a mark.
        if (_place == Place.Call)
        {
            TakeInCall(unit);
            return;
        }
        Write(_marks.Push(unit.ToString()));
        if (_marks.Found is null) return;
        _marks = new([FunctionaryRecipients.Mark]);
        if (_place == Place.Head) GiveUpHead();
        _place = Place.Head;
        _isFirst = false;
    }

    private void Write(string text)
    {
        foreach (var unit in text)
        {
            if (_place == Place.Call) TakeInCall(unit);
            else if (_place == Place.Head) TakeInHead(unit);
            else if (_place == Place.Content || !char.IsWhiteSpace(unit)) parts.Content(unit.ToString());
        }
    }

    private void TakeInHead(char unit)
    {
        _head.Append(unit);
        if (unit != '\n' && _head.Length <= HeadMax) return;
        var name = _head.ToString().Trim();
        if (name.Length == 0 && unit == '\n' && _isFirst) _head.Clear();
        else if (name == FunctionaryRecipients.Everybody && unit == '\n') Begin(Place.Content);
        else if (unit == '\n' && parts.Find(name) is not null) Begin(Place.Call, name);
        else GiveUpHead();
    }

    private void Begin(Place place, string name = "")
    {
        _raw.Clear();
        if (name.Length > 0) _raw.Append(FunctionaryRecipients.Mark).Append(_head);
        _head.Clear();
        (_place, _scanner) = (place, new JsonScanner());
        if (name.Length > 0) parts.TryBegin(name);
    }

    /// <summary>Nobody of that name: what was read is text.</summary>
    private void GiveUpHead()
    {
        if (!_isFirst) parts.Content(FunctionaryRecipients.Mark);
        parts.Content(_head.ToString());
        _head.Clear();
        _place = Place.Content;
    }

    private void TakeInCall(char unit)
    {
        _raw.Append(unit);
        if (!_scanner.Take(unit))
        {
            parts.Break(_raw.ToString());
            _place = Place.Content;
            return;
        }
        parts.Arguments(unit);
        if (_scanner.Place != JsonPlace.Complete) return;
        parts.End();
        _place = Place.AfterCall;
    }
}
