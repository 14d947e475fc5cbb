using System.Text;

namespace Minka.Server.Tools.Reading;

/// <summary>Calls as a list of Python, <c>[name(key=value, ...), ...]</c>. Read as a whole when its bracket
/// closes.</summary>
internal sealed class PythonCallsReader : CallReader
{
    private const int LengthMax = 256 * 1024;

    private readonly StringBuilder _text = new();
    private int _depth;
    private char _quote;
    private bool _isEscaped;

    /// <summary>Inside the list, and outside of every call in it.</summary>
    public bool IsBetweenCalls => _depth == 1 && _quote == 0;

    public override Progress Take(char unit, AnswerParts parts)
    {
        if (_text.Length == LengthMax) return Progress.Broken;
        _text.Append(unit);
        if (_isEscaped) _isEscaped = false;
        else if (_quote != 0)
        {
            if (unit == '\\') _isEscaped = true;
            else if (unit == _quote) _quote = '\0';
        }
        else if (unit is '"' or '\'') _quote = unit;
        else if (unit is '[' or '(' or '{') _depth++;
        else if (unit is ']' or ')' or '}') _depth--;
        // What is no name right behind the bracket is a list of something else.
        if (_text.Length == 2 && !char.IsAsciiLetter(unit) && unit is not ('_' or ' ' or '\n')) return Progress.Broken;
        return _depth > 0 ? Progress.More : Complete(parts);
    }

    private Progress Complete(AnswerParts parts)
    {
        if (!PythonCalls.TryRead(_text.ToString(), out var calls)
            || calls.Count == 0 || calls.Any(call => parts.Find(call.Name) is null))
            return Progress.Broken;
        foreach (var (name, arguments) in calls)
        {
            parts.TryBegin(name);
            parts.Arguments(arguments);
            parts.End();
        }
        return Progress.Done;
    }
}
