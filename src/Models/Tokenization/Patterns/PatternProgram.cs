namespace Minka.Models.Tokenization.Patterns;

/// <summary>What one step of a matching program does.</summary>
internal enum PatternOp : byte
{
    /// <summary>Take one code point of <c>Set</c>.</summary>
    Take,

    /// <summary>Take from <c>A</c> to <c>B</c> code points of <c>Set</c>, the most first; give back later.</summary>
    TakeRun,

    /// <summary>As <see cref="TakeRun"/>, and never give back.</summary>
    TakeRunForGood,

    /// <summary>Try at <c>A</c>; on failure go on at <c>B</c>.</summary>
    Try,

    /// <summary>Go on at <c>A</c>.</summary>
    Jump,

    /// <summary>Fail unless the <see cref="AnchorKind"/> <c>A</c> holds.</summary>
    Anchor,

    /// <summary>Run the body behind this step <c>B</c> code points back (-1: ahead) and go on at <c>A</c>.</summary>
    Look,

    /// <summary>As <see cref="Look"/>; fail when the body matches.</summary>
    LookAgainst,

    /// <summary>Run the body behind this step, take what it took for good, go on at <c>A</c>.</summary>
    Atomic,

    /// <summary>The program, or the body of a look or of an atomic group, has matched.</summary>
    Match,
}

/// <summary>One step of a matching program.</summary>
internal readonly record struct PatternStep(PatternOp Op, int A = 0, int B = 0, CharSet? Set = null);

/// <summary>Writes a parsed pattern as steps for a backtracking matcher.</summary>
internal sealed class PatternProgram
{
    private const int StepsMax = 20_000;

    private readonly List<PatternStep> _steps = [];
    private readonly string _source;

    private PatternProgram(string source) => _source = source;

    /// <summary>Compiles a pattern.</summary>
    /// <exception cref="ModelFormatException">It unfolds to too many steps.</exception>
    public static PatternStep[] Compile(PatternNode node, string source)
    {
        var program = new PatternProgram(source);
        program.Write(node);
        program.Add(new PatternStep(PatternOp.Match));
        return [.. program._steps];
    }

    private int Add(PatternStep step)
    {
        if (_steps.Count >= StepsMax)
        {
            throw new ModelFormatException($"The tokenizer's pattern '{PatternParser.Shorten(_source)}' unfolds to "
                + $"more than {StepsMax:N0} steps; smaller counts are needed.");
        }
        _steps.Add(step);
        return _steps.Count - 1;
    }

    private void Write(PatternNode node)
    {
        switch (node)
        {
            case PatternNode.One one:
                Add(new PatternStep(PatternOp.Take, Set: one.Set));
                break;
            case PatternNode.Sequence sequence:
                foreach (var part in sequence.Parts) Write(part);
                break;
            case PatternNode.Choice choice:
                WriteChoice(choice);
                break;
            case PatternNode.Repeat { Body: PatternNode.One one, Mood: not RepeatMood.Lazy } run:
                var op = run.Mood == RepeatMood.Greedy ? PatternOp.TakeRun : PatternOp.TakeRunForGood;
                Add(new PatternStep(op, run.Min, run.Max, one.Set));
                break;
            case PatternNode.Repeat { Mood: RepeatMood.Possessive } repeat:
                WriteBody(PatternOp.Atomic, 0, repeat with { Mood = RepeatMood.Greedy });
                break;
            case PatternNode.Repeat repeat:
                WriteRepeat(repeat);
                break;
            case PatternNode.Look look:
                var width = look.IsBehind ? look.Body.FixedWidth ?? 0 : -1;
                WriteBody(look.IsNegative ? PatternOp.LookAgainst : PatternOp.Look, width, look.Body);
                break;
            case PatternNode.Atomic atomic:
                WriteBody(PatternOp.Atomic, 0, atomic.Body);
                break;
            case PatternNode.Anchor anchor:
                Add(new PatternStep(PatternOp.Anchor, (int)anchor.Kind));
                break;
        }
    }

    private void WriteChoice(PatternNode.Choice choice)
    {
        var exits = new List<int>();
        for (var i = 0; i < choice.Options.Count - 1; i++)
        {
            var branch = Add(new PatternStep(PatternOp.Try));
            Write(choice.Options[i]);
            exits.Add(Add(new PatternStep(PatternOp.Jump)));
            _steps[branch] = new PatternStep(PatternOp.Try, branch + 1, _steps.Count);
        }
        Write(choice.Options[^1]);
        foreach (var exit in exits) _steps[exit] = new PatternStep(PatternOp.Jump, _steps.Count);
    }

    private void WriteRepeat(PatternNode.Repeat repeat)
    {
        for (var i = 0; i < repeat.Min; i++) Write(repeat.Body);
        if (repeat.Max == int.MaxValue)
        {
            var branch = Add(new PatternStep(PatternOp.Try));
            Write(repeat.Body);
            Add(new PatternStep(PatternOp.Jump, branch));
            _steps[branch] = Branch(repeat.Mood, branch + 1, _steps.Count);
            return;
        }
        var branches = new List<int>();
        for (var i = repeat.Min; i < repeat.Max; i++)
        {
            branches.Add(Add(new PatternStep(PatternOp.Try)));
            Write(repeat.Body);
        }
        foreach (var branch in branches) _steps[branch] = Branch(repeat.Mood, branch + 1, _steps.Count);
    }

    private static PatternStep Branch(RepeatMood mood, int body, int exit) => mood == RepeatMood.Lazy
        ? new PatternStep(PatternOp.Try, exit, body)
        : new PatternStep(PatternOp.Try, body, exit);

    private void WriteBody(PatternOp op, int kind, PatternNode body)
    {
        var head = Add(new PatternStep(op));
        Write(body);
        Add(new PatternStep(PatternOp.Match));
        _steps[head] = new PatternStep(op, _steps.Count, kind);
    }
}
