using Minka.Models.Templates.Nodes;

namespace Minka.Models.Templates.Syntax;

/// <summary>Reads a template: text, printed values, and tags with their bodies.</summary>
internal sealed class StatementParser
{
    private readonly TokenStream _tokens;
    private readonly TemplateSymbols _symbols;
    private readonly ExpressionParser _expressions;
    private readonly TargetParser _targets;
    private readonly MacroParser _macros;

    private StatementParser(IReadOnlyList<Token> tokens, TemplateSymbols symbols)
    {
        _tokens = new TokenStream(tokens);
        _symbols = symbols;
        _expressions = new ExpressionParser(_tokens, symbols);
        _targets = new TargetParser(_tokens, symbols);
        _macros = new MacroParser(_tokens, symbols, _expressions, this);
    }

    /// <summary>Loops around the tag being read, within one macro.</summary>
    public int Loops { get; set; }

    /// <summary>Reads a whole template.</summary>
    /// <exception cref="TemplateException">It is not well formed.</exception>
    public static Block Parse(string source, TemplateSymbols symbols)
    {
        var parser = new StatementParser(TemplateLexer.Tokenize(source), symbols);
        return parser.ParseStatements([], "the end of the template");
    }

    /// <summary>Reads a body up to one of the tags in <paramref name="ends"/>, and stands at that word then.</summary>
    public Block ParseBody(params string[] ends)
    {
        _tokens.TrySkip(":");
        _tokens.Expect(TokenKind.TagEnd, "'%}'");
        return ParseStatements(ends, string.Join(" or ", ends.Select(end => $"'{{% {end} %}}'")));
    }

    /// <summary>Reads a body with variables of its own up to the tag <paramref name="end"/>, and passes that word.
    /// </summary>
    public Block ParseScope(string end)
    {
        _symbols.OpenScope();
        var body = ParseBody(end);
        _tokens.ExpectWord(end);
        _symbols.CloseScope();
        return body;
    }

    private Block ParseStatements(string[] ends, string needed)
    {
        _tokens.Enter();
        var statements = new List<Statement>();
        while (_tokens.Current.Kind != TokenKind.End)
        {
            var token = _tokens.Take();
            switch (token.Kind)
            {
                case TokenKind.Text:
                    statements.Add(new TextStatement(token.Line, token.Text));
                    break;
                case TokenKind.PrintBegin:
                    statements.Add(new PrintStatement(token.Line, _expressions.ParseTuple()));
                    _tokens.Expect(TokenKind.PrintEnd, "'}}'");
                    break;
                default:
                    if (_tokens.Current.Kind == TokenKind.Name && ends.Contains(_tokens.Current.Text))
                    {
                        _tokens.Leave();
                        return new Block(statements);
                    }

                    statements.Add(ParseTag(needed));
                    _tokens.Expect(TokenKind.TagEnd, "'%}'");
                    break;
            }
        }

        if (ends.Length > 0) throw _tokens.Unexpected(needed);
        _tokens.Leave();
        return new Block(statements);
    }

    private Statement ParseTag(string needed)
    {
        var tag = _tokens.Expect(TokenKind.Name, "the name of a tag");
        return tag.Text switch
        {
            "if" => ParseIf(tag.Line),
            "for" => ParseFor(tag.Line),
            "set" => ParseSet(tag.Line),
            "macro" => _macros.ParseMacro(tag.Line),
            "call" => _macros.ParseCallBlock(tag.Line),
            "filter" => ParseFilterBlock(tag.Line),
            "with" => ParseWith(tag.Line),
            "print" => ParsePrint(tag.Line),
            "generation" => _macros.ParseGeneration(tag.Line),
            "autoescape" => new AutoescapeStatement(tag.Line, _expressions.Parse(), ParseScope("endautoescape")),
            "block" => ParseBlock(tag.Line),
            "break" => ParseLoopControl(tag, Flow.Break),
            "continue" => ParseLoopControl(tag, Flow.Continue),
            "extends" or "include" or "import" or "from" => ParseLoad(tag),
            _ => throw TemplateException.At(tag.Line, $"the tag '{tag.Text}' is unknown here; {needed} must follow."),
        };
    }

    private IfStatement ParseIf(int line)
    {
        var branches = new List<(Expression?, Block)>();
        var declared = new List<HashSet<string>>();
        while (true)
        {
            var test = _expressions.ParseTuple(allowsCondition: false);
            ParseBranch(test, ["elif", "else", "endif"]);
            if (_tokens.TrySkipWord("elif")) continue;
            if (_tokens.TrySkipWord("else")) ParseBranch(null, ["endif"]);
            break;
        }

        _tokens.ExpectWord("endif");
        _symbols.Join(declared, hasElse: branches[^1].Item1 is null);
        return new IfStatement(line, branches);

        void ParseBranch(Expression? test, string[] ends)
        {
            _symbols.OpenScope();
            branches.Add((test, ParseBody(ends)));
            declared.Add(_symbols.CloseScope());
        }
    }

    private ForStatement ParseFor(int line)
    {
        // The target is read first but belongs to the scope inside, which the items do not see.
        _symbols.OpenScope();
        var target = _targets.ParseTuple(stop: "in");
        var own = _symbols.CloseScope();
        _tokens.ExpectWord("in");
        var items = _expressions.ParseTuple(allowsCondition: false, stop: "recursive");

        _symbols.OpenScope();
        foreach (var name in own) _symbols.Declare(name);
        var test = _tokens.TrySkipWord("if") ? _expressions.Parse() : null;
        var isRecursive = _tokens.TrySkipWord("recursive");
        var loopId = _symbols.Declare("loop");
        Loops++;
        var body = ParseBody("endfor", "else");
        Loops--;
        _symbols.CloseScope();
        var otherwise = _tokens.TrySkipWord("else") ? ParseScope("endfor") : null;
        if (otherwise is null) _tokens.ExpectWord("endfor");
        return new ForStatement(line, new ForLoop(target, items, test, body, otherwise, loopId), isRecursive);
    }

    private Statement ParseSet(int line)
    {
        var target = _targets.ParseTuple(stop: null, declares: false);
        if (Loops > 0) TargetParser.RequireLoopUnset(target, line);
        if (_tokens.TrySkip("="))
        {
            var value = _expressions.ParseTuple();
            _targets.Declare(target);
            return new SetStatement(line, target.Target, value);
        }

        var filter = ParseFilterChain(null);
        var body = ParseScope("endset");
        _targets.Declare(target);
        return new SetBlockStatement(line, target.Target, filter, body);
    }

    private FilterBlockStatement ParseFilterBlock(int line)
    {
        var filter = ParseFilterChain(_expressions.ParseFilter(null));
        return new FilterBlockStatement(line, filter!, ParseScope("endfilter"));
    }

    private FilterExpression? ParseFilterChain(FilterExpression? filter)
    {
        while (_tokens.TrySkip("|")) filter = _expressions.ParseFilter(filter);
        return filter;
    }

    private WithStatement ParseWith(int line)
    {
        var variables = new List<(Target, Expression)>();
        var names = new List<ParsedTarget>();
        while (_tokens.Current.Kind != TokenKind.TagEnd)
        {
            if (variables.Count > 0) _tokens.Expect(",");
            var target = _targets.ParseTuple(stop: null, declares: false);
            _tokens.Expect("=");
            variables.Add((target.Target, _expressions.Parse()));
            names.Add(target);
        }

        _symbols.OpenScope();
        foreach (var name in names) _targets.Declare(name);
        var body = ParseScope("endwith");
        _symbols.CloseScope();
        return new WithStatement(line, [.. variables], body);
    }

    private PrintStatement ParsePrint(int line)
    {
        var parts = new List<Expression>();
        while (_tokens.Current.Kind != TokenKind.TagEnd)
        {
            if (parts.Count > 0) _tokens.Expect(",");
            parts.Add(_expressions.Parse());
        }

        return new PrintStatement(line, new ConcatExpression(line, [.. parts]));
    }

    private ScopeStatement ParseBlock(int line)
    {
        var name = _tokens.Expect(TokenKind.Name, "the name of a block").Text;
        _tokens.TrySkipWord("scoped");
        _tokens.TrySkipWord("required");
        var body = ParseScope("endblock");
        _tokens.TrySkipWord(name);
        return new ScopeStatement(line, body);
    }

    private LoopControlStatement ParseLoopControl(Token tag, Flow flow)
    {
        if (Loops == 0) throw TemplateException.At(tag.Line, $"'{tag.Text}' stands outside of a loop.");
        return new LoopControlStatement(tag.Line, flow);
    }

    /// <summary>Tags that load other templates fail only when they are reached, as in Jinja without a loader.</summary>
    private LoadStatement ParseLoad(Token tag)
    {
        _expressions.Parse();
        while (_tokens.Current.Kind is not (TokenKind.TagEnd or TokenKind.End)) _tokens.Take();
        return new LoadStatement(tag.Line, tag.Text);
    }
}
