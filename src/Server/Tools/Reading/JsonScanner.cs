namespace Minka.Server.Tools.Reading;

/// <summary>What may come next in a JSON text.</summary>
internal enum JsonPlace
{
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
    InKey,
    InText,
    InNumber,
    InWord,
    Complete,
}

/// <summary>Follows one JSON object or array letter by letter and notices the first letter that does not
/// fit.</summary>
internal sealed class JsonScanner
{
    private const int DepthMax = 64;

    private readonly Stack<bool> _isObject = [];
    private string _word = "";
    private int _escape; // 0: none, 1: after a backslash, 2..5: hexadecimal digits to come, less one
    private int _number; // index into NumberSteps

    /// <summary>What may come next.</summary>
    public JsonPlace Place { get; private set; } = JsonPlace.Value;

    /// <summary>Objects and arrays that are open.</summary>
    public int Depth => _isObject.Count;

    /// <summary>Takes a letter; false when no JSON goes on like this.</summary>
    public bool Take(char unit)
    {
        switch (Place)
        {
            case JsonPlace.InKey or JsonPlace.InText: return TakeInText(unit);
            case JsonPlace.InWord: return TakeInWord(unit);
            case JsonPlace.InNumber when TakeInNumber(unit): return true;
            case JsonPlace.InNumber:
                if (!NumberMayEnd) return false;
                Place = JsonPlace.CommaOrEnd;
                break;
        }
        if (unit is ' ' or '\t' or '\n' or '\r') return true;
        return Place switch
        {
            JsonPlace.Value => TakeValue(unit),
            JsonPlace.ValueOrEnd => unit == ']' ? Close(false) : TakeValue(unit),
            JsonPlace.Key => unit == '"' && Begin(JsonPlace.InKey),
            JsonPlace.KeyOrEnd => unit == '}' ? Close(true) : unit == '"' && Begin(JsonPlace.InKey),
            JsonPlace.Colon => unit == ':' && Begin(JsonPlace.Value),
            JsonPlace.CommaOrEnd => unit switch
            {
                ',' => Begin(_isObject.Peek() ? JsonPlace.Key : JsonPlace.Value),
                ']' => Close(false),
                '}' => Close(true),
                _ => false,
            },
            _ => false,
        };
    }

    private bool Begin(JsonPlace place)
    {
        Place = place;
        return true;
    }

    private bool TakeValue(char unit)
    {
        if (unit is '{' or '[')
        {
            if (_isObject.Count == DepthMax) return false;
            _isObject.Push(unit == '{');
            return Begin(unit == '{' ? JsonPlace.KeyOrEnd : JsonPlace.ValueOrEnd);
        }
        if (_isObject.Count == 0) return false;
        if (unit == '"') return Begin(JsonPlace.InText);
        if (unit == '-' || char.IsAsciiDigit(unit))
        {
            _number = unit switch { '-' => 0, '0' => 1, _ => 2 };
            return Begin(JsonPlace.InNumber);
        }
        _word = unit switch { 't' => "rue", 'f' => "alse", 'n' => "ull", _ => "" };
        return _word.Length > 0 && Begin(JsonPlace.InWord);
    }

    private bool Close(bool isObject)
    {
        if (_isObject.Pop() != isObject) return false;
        return Begin(_isObject.Count == 0 ? JsonPlace.Complete : JsonPlace.CommaOrEnd);
    }

    private bool TakeInText(char unit)
    {
        if (_escape > 1)
        {
            _escape = _escape == 5 ? 0 : _escape + 1;
            return char.IsAsciiHexDigit(unit);
        }
        if (_escape == 1)
        {
            _escape = unit == 'u' ? 2 : 0;
            return unit is '"' or '\\' or '/' or 'b' or 'f' or 'n' or 'r' or 't' or 'u';
        }
        if (unit == '\\') _escape = 1;
        else if (unit == '"') Place = Place == JsonPlace.InKey ? JsonPlace.Colon : JsonPlace.CommaOrEnd;
        return unit >= ' ';
    }

    private bool TakeInWord(char unit)
    {
        if (_word[0] != unit) return false;
        _word = _word[1..];
        if (_word.Length == 0) Place = JsonPlace.CommaOrEnd;
        return true;
    }

    // 0 after '-', 1 after a leading 0, 2 in whole digits, 3 after '.', 4 in decimals, 5 after e, 6 after its sign,
    // 7 in its digits.
    private bool TakeInNumber(char unit)
    {
        var next = (_number, unit) switch
        {
            (0, '0') => 1,
            (0 or 2, >= '0' and <= '9') => 2,
            (1 or 2, '.') => 3,
            (3 or 4, >= '0' and <= '9') => 4,
            (1 or 2 or 4, 'e' or 'E') => 5,
            (5, '+' or '-') => 6,
            (5 or 6 or 7, >= '0' and <= '9') => 7,
            _ => -1,
        };
        if (next < 0) return false;
        _number = next;
        return true;
    }

    private bool NumberMayEnd => _number is 1 or 2 or 4 or 7;
}
