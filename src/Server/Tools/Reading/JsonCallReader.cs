using System.Text;

namespace Minka.Server.Tools.Reading;

/// <summary>A call as a JSON object, <c>{"name": N, "arguments": {..}}</c>, whatever its keys are called and in which
/// order they come. Arguments are passed on as they arrive, once the name is known.</summary>
internal sealed class JsonCallReader : CallReader
{
    private readonly JsonScanner _scanner = new();
    private readonly StringBuilder _key = new(), _value = new();
    private string? _keyName, _name, _arguments;
    private State _state;

    private enum State { Between, Keeping, Passing }

    public override Progress Take(char unit, AnswerParts parts)
    {
        var (place, depth) = (_scanner.Place, _scanner.Depth);
        if (!_scanner.Take(unit)) return Progress.Broken;
        if (depth == 0) return unit == '{' || char.IsWhiteSpace(unit) ? Progress.More : Progress.Broken;
        if (depth == 1 && place is JsonPlace.Key or JsonPlace.KeyOrEnd or JsonPlace.InKey && !TakeKey(unit))
            return Progress.Broken;
        if (depth == 1 && place == JsonPlace.Value && _scanner.Place != JsonPlace.Value && !BeginValue(unit, parts))
            return Progress.Broken;

        var isNumberOver = place == JsonPlace.InNumber && depth == 1 && _scanner.Place != JsonPlace.InNumber;
        if (_state != State.Between && !isNumberOver) TakeValue(unit, parts);
        if (_state != State.Between && (isNumberOver || IsValueOver) && !EndValue()) return Progress.Broken;
        return _scanner.Place == JsonPlace.Complete ? Complete(parts) : Progress.More;
    }

    private bool IsValueOver => _scanner.Depth == 1 && _scanner.Place == JsonPlace.CommaOrEnd;

    private bool TakeKey(char unit)
    {
        if (_scanner.Place is JsonPlace.Key or JsonPlace.KeyOrEnd or JsonPlace.Complete) return true;
        _key.Append(unit);
        if (_scanner.Place != JsonPlace.Colon) return true;
        _keyName = JsonText.Unquote(_key.ToString());
        _key.Clear();
        return _keyName is "name" or "function" or "arguments" or "parameters" or "id" or "type";
    }

    private bool BeginValue(char unit, AnswerParts parts)
    {
        _state = State.Keeping;
        if (_keyName is not ("arguments" or "parameters") || unit != '{' || _name is null || parts.IsInCall)
            return true;
        _state = State.Passing;
        return parts.TryBegin(_name);
    }

    private void TakeValue(char unit, AnswerParts parts)
    {
        if (_state == State.Passing) parts.Arguments(unit);
        else _value.Append(unit);
    }

    private bool EndValue()
    {
        var value = _value.ToString();
        _value.Clear();
        var isPassed = _state == State.Passing;
        _state = State.Between;
        if (isPassed) return true;
        switch (_keyName)
        {
            case "name" or "function" when _name is null:
                _name = JsonText.Unquote(value);
                return _name is not null;
            case "arguments" or "parameters":
                // Some models write the object once more as a text.
                _arguments = value[0] == '"' ? JsonText.Unquote(value) : value == "null" ? "{}" : value;
                return _arguments is not null
                    && JsonText.TryKind(_arguments, out var kind) && kind == System.Text.Json.JsonValueKind.Object;
            default:
                return true;
        }
    }

    private Progress Complete(AnswerParts parts)
    {
        if (!parts.IsInCall)
        {
            if (_name is null || !parts.TryBegin(_name)) return Progress.Broken;
            parts.Arguments(_arguments ?? "{}");
        }
        parts.End();
        return Progress.Done;
    }
}
