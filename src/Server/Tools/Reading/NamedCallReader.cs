using System.Text;

namespace Minka.Server.Tools.Reading;

/// <summary>A call whose arguments, a JSON object, follow a text that says which tool it is.</summary>
/// <param name="nameOf">The tool's name in that text; null when there is none.</param>
internal sealed class NamedCallReader(Func<string, string?> nameOf) : CallReader
{
    private const int HeadMax = 512;

    private readonly StringBuilder _head = new();
    private JsonScanner? _scanner;

    public override Progress Take(char unit, AnswerParts parts)
    {
        if (_scanner is null)
        {
            if (unit != '{')
            {
                _head.Append(unit);
                return _head.Length <= HeadMax ? Progress.More : Progress.Broken;
            }
            if (nameOf(_head.ToString()) is not { } name || !parts.TryBegin(name)) return Progress.Broken;
            _scanner = new JsonScanner();
        }
        if (!_scanner.Take(unit)) return Progress.Broken;
        parts.Arguments(unit);
        if (_scanner.Place != JsonPlace.Complete) return Progress.More;
        parts.End();
        return Progress.Done;
    }
}
