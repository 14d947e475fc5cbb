namespace Minka.Server.Tools.Reading;

/// <summary>Calls as a JSON array of objects, or one such object alone.</summary>
internal sealed class JsonCallsReader : CallReader
{
    private JsonCallReader? _call;
    private bool _isArray, _isAfterCall;

    public override Progress Take(char unit, AnswerParts parts)
    {
        if (_call is not null)
        {
            var reading = _call.Take(unit, parts);
            if (reading != Progress.Done) return reading;
            _call = null;
            _isAfterCall = true;
            return _isArray ? Progress.More : Progress.Done;
        }
        if (char.IsWhiteSpace(unit)) return Progress.More;
        switch (unit)
        {
            case '[' when !_isArray:
                _isArray = true;
                return Progress.More;
            case ',' when _isAfterCall:
                _isAfterCall = false;
                return Progress.More;
            case '{' when !_isAfterCall:
                _call = new JsonCallReader();
                return _call.Take(unit, parts);
            case ']' when _isAfterCall:
                return Progress.Done;
            default:
                return Progress.Broken;
        }
    }
}
