namespace Minka.Models.Tokenization.Patterns;

/// <summary>Runs a matching program over one text, with a bound on steps and on the ways it remembers.</summary>
internal ref struct PatternMatcher
{
    private readonly PatternStep[] _steps;
    private readonly ReadOnlySpan<char> _text;
    private readonly string _source;
    private Way[] _ways = new Way[32];
    private int _wayCount;
    private long _budget;

    /// <summary>Where to go on after a failure: a step, a place, and how far down the place may go.</summary>
    private readonly record struct Way(int Step, int Place, int Floor);

    public PatternMatcher(PatternStep[] steps, ReadOnlySpan<char> text, string source)
    {
        _steps = steps;
        _text = text;
        _source = source;
        _budget = 20_000_000 + 2_000L * text.Length;
    }

    /// <summary>Finds the first match at or after a place.</summary>
    public bool TryFind(int from, out int start, out int end)
    {
        for (start = from; start <= _text.Length; start += Width(start))
        {
            if (TryRun(0, start, out end)) return true;

            // A leading endless run that failed here fails from every later place of the same run.
            if (_steps[0] is { Op: PatternOp.TakeRun, B: int.MaxValue } run)
            {
                while (start < _text.Length && Contains(run.Set!, start)) start += Width(start);
            }
            if (start >= _text.Length) break;
        }
        end = start;
        return false;
    }

    private readonly int Width(int at)
    {
        CharKinds.CodePointAt(_text, at, out var width);
        return width;
    }

    private readonly bool Contains(CharSet set, int at) => set.Contains(CharKinds.CodePointAt(_text, at, out _));

    private bool TryRun(int step, int place, out int end)
    {
        var floor = _wayCount;
        while (true)
        {
            Spend(1);
            var current = _steps[step];
            if (current.Op == PatternOp.Match)
            {
                _wayCount = floor;
                end = place;
                return true;
            }
            if (TryStep(current, ref step, ref place)) continue;
            if (_wayCount == floor)
            {
                end = place;
                return false;
            }
            TakeLastWay(out step, out place);
        }
    }

    private bool TryStep(in PatternStep current, ref int step, ref int place)
    {
        switch (current.Op)
        {
            case PatternOp.Take:
                if (place >= _text.Length) return false;
                var codePoint = CharKinds.CodePointAt(_text, place, out var width);
                if (!current.Set!.Contains(codePoint)) return false;
                place += width;
                step++;
                return true;
            case PatternOp.TakeRun or PatternOp.TakeRunForGood:
                return TryTakeRun(current, ref step, ref place);
            case PatternOp.Try:
                Remember(new Way(current.B, place, place));
                step = current.A;
                return true;
            case PatternOp.Jump:
                step = current.A;
                return true;
            case PatternOp.Anchor:
                step++;
                return Holds((AnchorKind)current.A, place);
            case PatternOp.Atomic:
                var body = step + 1;
                step = current.A;
                return TryRun(body, place, out place);
            default:
                var looked = TryLook(step + 1, current.B, place);
                step = current.A;
                return looked == (current.Op == PatternOp.Look);
        }
    }

    private bool TryTakeRun(in PatternStep run, ref int step, ref int place)
    {
        var (count, at, floor) = (0, place, place);
        while (count < run.B && at < _text.Length)
        {
            var codePoint = CharKinds.CodePointAt(_text, at, out var width);
            if (!run.Set!.Contains(codePoint)) break;
            at += width;
            if (++count == run.A) floor = at;
        }
        Spend(count);
        if (count < run.A) return false;

        step++;
        if (run.Op == PatternOp.TakeRun && at > floor) Remember(new Way(step, at, floor));
        place = at;
        return true;
    }

    private bool TryLook(int body, int widthBehind, int place)
    {
        var from = place;
        for (var i = 0; i < widthBehind; i++)
        {
            if (from == 0) return false;
            from = CharKinds.Before(_text, from);
        }
        return TryRun(body, from, out var end) && (widthBehind < 0 || end == place);
    }

    private void Remember(Way way)
    {
        if (_wayCount == _ways.Length)
        {
            if (_wayCount >= 10_000 + 16L * _text.Length) throw TooMuch("ways to go back to");
            Array.Resize(ref _ways, _wayCount * 2);
        }
        _ways[_wayCount++] = way;
    }

    // A run that took too much gives back one code point at a time; other ways are used once.
    private void TakeLastWay(out int step, out int place)
    {
        ref var way = ref _ways[_wayCount - 1];
        step = way.Step;
        place = way.Place;
        if (way.Place > way.Floor)
        {
            place = CharKinds.Before(_text, way.Place);
            way = way with { Place = place };
        }
        if (place <= way.Floor) _wayCount--;
    }

    private readonly bool Holds(AnchorKind kind, int place) => kind switch
    {
        AnchorKind.TextStart => place == 0,
        AnchorKind.TextEnd => place == _text.Length,
        AnchorKind.TextEndOrLastLine =>
            place == _text.Length || (place == _text.Length - 1 && _text[place] == '\n'),
        AnchorKind.LineStart => place == 0 || _text[place - 1] == '\n',
        AnchorKind.LineEnd => place == _text.Length || _text[place] == '\n',
        _ => IsWordEdge(place) == (kind == AnchorKind.WordEdge),
    };

    private readonly bool IsWordEdge(int place)
    {
        var before = place > 0 && Contains(CharSets.Word, CharKinds.Before(_text, place));
        var after = place < _text.Length && Contains(CharSets.Word, place);
        return before != after;
    }

    private void Spend(int steps)
    {
        _budget -= steps;
        if (_budget < 0) throw TooMuch("steps");
    }

    private readonly ModelFormatException TooMuch(string what) =>
        new($"The tokenizer's pattern '{PatternParser.Shorten(_source)}' needs too many {what} on a text of "
            + $"{_text.Length:N0} characters; split the text or use another tokenizer file.");
}
