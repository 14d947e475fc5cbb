using System.Text;

namespace Minka.Server.Tools.Reading;

/// <summary>What follows Llama's tag for code: a call as JSON, or of a built-in tool as
/// <c>name.call(key=value)</c>.</summary>
internal sealed class PythonTagReader : CallReader
{
    private readonly StringBuilder _head = new("[");
    private CallReader? _rest;

    public override Progress Take(char unit, AnswerParts parts)
    {
        if (_rest is not null)
        {
            var reading = _rest.Take(unit, parts);
            // The list of one call that the bracket below began.
            return unit == ')' && reading == Progress.More && _rest is PythonCallsReader { IsBetweenCalls: true }
                ? _rest.Take(']', parts) : reading;
        }
        if (unit == '{' && _head.Length == 1) _rest = new JsonCallReader();
        else if (unit == '(' && _head.ToString().EndsWith(".call", StringComparison.Ordinal))
        {
            _head.Length -= ".call".Length;
            _rest = new PythonCallsReader();
            foreach (var earlier in _head.ToString())
                if (_rest.Take(earlier, parts) == Progress.Broken) return Progress.Broken;
        }
        if (_rest is not null) return _rest.Take(unit, parts);
        if (char.IsWhiteSpace(unit) && _head.Length == 1) return Progress.More;
        _head.Append(unit);
        return char.IsAsciiLetterOrDigit(unit) || unit is '_' or '-' or '.' ? Progress.More : Progress.Broken;
    }
}
