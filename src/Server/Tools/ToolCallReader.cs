using System.Text;
using Minka.Models.Tokenization;
using Minka.Server.Generating;
using Minka.Server.Tools.Reading;

namespace Minka.Server.Tools;

/// <summary>Finds calls in a text. What may begin one is held back; what turns out to be none is content.</summary>
/// <remarks>White space around calls is dropped; in a text without calls nothing is.</remarks>
internal sealed class ToolCallReader(ToolFormat format, AnswerParts parts) : IAnswerReader
{
    private readonly StringBuilder _space = new(), _raw = new();
    private StopStrings _markers = Markers(format);
    private CallReader? _reader;
    private bool _isAtStart = true, _isAfterCall;

    public void Push(string text, ICollection<OutputPart> output)
    {
        foreach (var unit in text) Take(unit);
        parts.DrainTo(output);
    }

    public void Finish(ICollection<OutputPart> output)
    {
        if (_reader is not null && _reader.Finish(parts) == Progress.Broken) GiveUp();
        Write(_markers.Finish());
        if (parts.Calls == 0) parts.Content(_space.ToString());
        parts.DrainTo(output);
    }

    private void Take(char unit)
    {
        if (_reader is not null) TakeInCall(unit);
        else if (_isAtStart && char.IsWhiteSpace(unit)) Hold(unit);
        else if (_isAtStart && _isAfterCall && format.IsBare && unit is ';' or ',') return;
        else if (_isAtStart && format.IsBare && format.OpenBare(unit) is { } reader)
        {
            _reader = reader;
            TakeInCall(unit);
        }
        else TakeInText(unit);
    }

    private void TakeInText(char unit)
    {
        _isAtStart = false;
        Write(_markers.Push(unit.ToString()));
        if (_markers.Found is not { } marker) return;
        _markers = Markers(format);
        if (format.Openers.Contains(marker))
        {
            _raw.Append(marker);
            _reader = format.Open(marker);
        }
        else
        {
            _space.Clear();
            _isAtStart = true;
        }
    }

    private void TakeInCall(char unit)
    {
        _raw.Append(unit);
        var calls = parts.Calls;
        var wasInCall = parts.IsInCall;
        var reading = _reader!.Take(unit, parts);
        if (parts.Calls > calls) _space.Clear();
        if ((parts.Calls > calls || wasInCall) && !parts.IsInCall) _raw.Clear();
        if (reading == Progress.Broken)
        {
            // The letter that does not fit may begin something else.
            var isCall = parts.IsInCall;
            if (!isCall) _raw.Length--;
            GiveUp();
            if (!isCall) TakeInText(unit);
        }
        if (reading != Progress.Done) return;
        _raw.Clear();
        _reader = null;
        _isAtStart = _isAfterCall = true;
    }

    /// <summary>What was being read is no call.</summary>
    private void GiveUp()
    {
        var raw = _raw.ToString();
        _raw.Clear();
        _reader = null;
        _isAtStart = false;
        if (parts.IsInCall) parts.Break(raw);
        else Write(raw);
    }

    private void Hold(char space)
    {
        if (!_isAfterCall) _space.Append(space);
    }

    /// <summary>Content, its white space held until something follows it.</summary>
    private void Write(string text)
    {
        var trimmed = text.AsSpan().TrimEnd();
        if (trimmed.Length > 0)
        {
            parts.Content(_space.Append(trimmed).ToString());
            _space.Clear();
            _isAfterCall = false;
        }
        if (!_isAfterCall) _space.Append(text.AsSpan(trimmed.Length));
    }

    private static StopStrings Markers(ToolFormat format) => new([.. format.Openers, .. format.Silent]);
}
