using System.Text;
using Minka.Engine.Constraints;
using Minka.Engine.Constraints.Automata;
using Minka.Engine.Constraints.Masks;

namespace Minka.Engine.Tests.Constraints;

public class AutomatonTests
{
    [Theory]
    [InlineData(0x20, 0x20)]
    [InlineData(0x00, 0x10FFFF)]
    [InlineData(0x7F, 0x80)]
    [InlineData(0x7FE, 0x801)]
    [InlineData(0xFFFE, 0x10001)]
    [InlineData(0x3042, 0x1F600)]
    public void Byte_ranges_match_exactly_the_utf8_of_their_code_points(int first, int last)
    {
        List<(byte Low, byte High)[]> rows = [];
        if (first < 0xD800) Utf8Ranges.Cut(first, Math.Min(last, 0xD7FF), rows);
        if (last > 0xDFFF) Utf8Ranges.Cut(Math.Max(first, 0xE000), last, rows);

        for (var codePoint = 0; codePoint <= 0x10FFFF; codePoint += codePoint is > 0x900 and < 0x10F000 ? 41 : 1)
        {
            if (codePoint is >= 0xD800 and <= 0xDFFF) continue;
            var bytes = Encoding.UTF8.GetBytes(new Rune(codePoint).ToString());
            var matches = rows.Count(row => row.Length == bytes.Length
                && row.Zip(bytes).All(pair => pair.First.Low <= pair.Second && pair.Second <= pair.First.High));
            Assert.Equal(codePoint >= first && codePoint <= last ? 1 : 0, matches);
        }
    }

    [Theory]
    [InlineData("""root ::= "a" root "b" | "" """)]
    [InlineData("""root ::= item ("," item)*""" + "\n" + """item ::= [0-9]+ | "[" root "]" """)]
    [InlineData("root ::= line+\nline ::= [^\\n]{2,5} \"\\n\"")]
    [InlineData("root ::= expr\nexpr ::= term (\"+\" term)*\nterm ::= \"a\" | \"(\" expr \")\"")]
    public void A_mask_holds_exactly_the_tokens_whose_bytes_the_automaton_takes(string gbnf)
    {
        var masks = Walker.Compile(Constraint.Grammar(gbnf));
        var stepper = new Stepper(masks.Grammar);
        var random = new Random(1);
        List<StackNode> stacks = [masks.Grammar.Begin()];
        for (var step = 0; step < 60; step++)
        {
            var mask = new TokenMask(Vocabularies.Small.Count);
            foreach (var stack in stacks) Assert.True(masks.TryAdd(stack, stepper, mask));
            List<List<StackNode>> ways = [];
            for (var id = 1; id < Vocabularies.Small.Count; id++)
            {
                var after = stacks.ToList();
                foreach (var value in Vocabularies.Small.BytesOf(id))
                    Assert.True(stepper.TryStep([.. after], value, after));
                Assert.Equal(after.Count > 0, mask[id]);
                if (after.Count > 0) ways.Add(after);
            }
            Assert.False(mask[Vocabularies.Eos]);
            if (ways.Count == 0) return;
            stacks = ways[random.Next(ways.Count)];
        }
    }

    [Theory]
    [InlineData("a*b+c?", new[] { "b", "aabbc", "bc" }, new[] { "", "a", "cb", "bcc" })]
    [InlineData("(?:ab|a)(c|bcd)", new[] { "abc", "ac", "abcd", "abbcd" }, new[] { "ab", "abcdd" })]
    [InlineData("[a-c^-]{2,3}", new[] { "a-", "^bc" }, new[] { "a", "abca", "ad" })]
    [InlineData("\\d{3}-\\w+\\s\\S", new[] { "123-a_9 é" }, new[] { "12-a b", "123-é b" })]
    [InlineData("[^\\s]\\S.", new[] { "aé日" }, new[] { "\u00A0aa", "a\u2003a", "aa\u2028", "a\uFEFFa" })]
    [InlineData("\\s[^\\S]", new[] { " \t", "\r\n" }, new[] { "\u00A0 ", " \u00A0", "aa" })]
    [InlineData("^[^\\x00-\\x7F]+$", new[] { "é日😀" }, new[] { "a", "" })]
    [InlineData("\\u00e9\\.\\x2b", new[] { "é.+" }, new[] { "éa+" })]
    [InlineData("x{0}y{2}", new[] { "yy" }, new[] { "xyy", "y" })]
    public void A_regular_expression_matches_what_it_says(string pattern, string[] matches, string[] others)
    {
        var masks = Walker.Compile(Constraint.Regex(pattern));

        Assert.All(matches, text => Assert.True(Walker.Allows(masks, text), text));
        Assert.All(others, text => Assert.False(Walker.Allows(masks, text), text));
    }

    [Theory]
    [InlineData("[ab]xyz", "", false), InlineData("[ab]xyz", "a", true), InlineData("x(yz)?", "x", false)]
    [InlineData("(xa|xb)y", "", true), InlineData("(xa|xb)y", "x", false), InlineData("é+", "é", false)]
    [InlineData("(ab){2}", "ab", true)]
    public void One_byte_next_is_seen_without_a_mask(string pattern, string text, bool isOne)
    {
        var matcher = new ConstraintMatcher(Walker.Compile(Constraint.Regex(pattern)));

        matcher.MoveTo([.. Encoding.UTF8.GetBytes(text).Select(value => 1 + value)]);

        Assert.Equal(isOne, matcher.IsOneByteNext);
    }

    [Fact]
    public void Regular_expressions_agree_with_the_platforms()
    {
        string[] patterns = ["(a|ab)(bc|c)*d?", "[ab]{1,3}(c[cd])?", "(a*b)*c+", "a?a?a?aaa", "((a|b){2}|c)+"];
        var random = new Random(4);
        foreach (var pattern in patterns)
        {
            var masks = Walker.Compile(Constraint.Regex(pattern));
            var platforms = new System.Text.RegularExpressions.Regex($"^(?:{pattern})$");
            for (var i = 0; i < 200; i++)
            {
                var text = string.Concat(Enumerable.Range(0, random.Next(8)).Select(_ => "abcd"[random.Next(4)]));
                Assert.Equal(platforms.IsMatch(text), Walker.Allows(masks, text));
            }
            for (var i = 0; i < 20; i++) Assert.Matches(platforms, Walker.Write(masks, random, 6)!);
        }
    }

    [Theory]
    [InlineData("a(?=b)")]
    [InlineData("(a)\\1")]
    [InlineData("a**")]
    [InlineData("[b-a]")]
    [InlineData("(a")]
    [InlineData("a)")]
    [InlineData("a{3,2}")]
    [InlineData("a{1,1000000000}")]
    [InlineData("a{,3}")]
    [InlineData("(?<!b)a")]
    [InlineData("(?i)a")]
    [InlineData("\\bword\\b")]
    [InlineData("\\p{L}")]
    [InlineData("a^b")]
    [InlineData("((((a{1000}){1000}){1000}){1000})")]
    public void A_regular_expression_that_is_not_supported_is_refused(string pattern) =>
        Refused(Constraint.Regex(pattern));

    /// <summary>The whole notation as llama.cpp's users write it: comments, empty alternatives, rules over several
    /// lines, sets with every kind of member.</summary>
    [Theory]
    [InlineData("""
        # a list of facts, with space that is bounded
        root  ::= "[\n" ws (
                    value
            (",\n" ws value)*
          )? "]"   # the end
        value ::= object | string | number | ("true" | "false" | "null") ws

        object ::=
          "{" ws ( string ":" ws value ("," ws string ":" ws value)* )? "}" ws
        string ::=
          "\"" (
            [^"\\\x7F\x00-\x1F] |
            "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}) # escapes
          )* "\"" ws
        number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws
        ws ::= | " " | "\n" [ \t]{0,20}
        """,
        new[] { "[\n]", "[\n1,\n{\"a\": \"\\u00e9\" }]", "[\n \"é😀\",\n-1.5e-3 ]" },
        new[] { "[]", "[\n1,]", "[\n\"\t\"]", "[\n01]" })]
    [InlineData("""
        root ::= (expr "=" ws term "\n")+
        expr ::= term ([-+*/] term)*
        term ::= ident | num | "(" ws expr ")" ws
        ident ::= [a-z] [a-z0-9_]* ws
        num ::= [0-9]+ ws
        ws ::= [ \t\n]*
        """,
        new[] { "a+1=2\n", "(x_1 -2)*3 = y\n\nb=b\n" }, new[] { "a=b", "a**2=b\n", "=1\n" })]
    [InlineData("root ::= (declaration)*\r\ndeclaration ::= data-type [a-zA-Z_]+ ( \"[\" [0-9]+ \"]\" )? \";\"\r\n"
        + "data-type ::= \"int \" |\r\n  \"float \"",
        new[] { "", "int a;", "float b[12];int c;" }, new[] { "int;", "char a;", "int a[];" })]
    [InlineData("root ::= jp+ ([ \\t\\n] jp+)*\njp ::= [ぁ-ゟ] | [\\u30A1-\\u30FF] | [、-〾] | [\\U00004E00-\\U00009FFF]",
        new[] { "こんにちは、 世界", "カ" }, new[] { "", "abc", "世界 " })]
    [InlineData("root ::= [!\"#$%&'()*+,-./:;<=>?@[\\\\\\]^_`{|}~]{2} . [^\\]]",
        new[] { "[]é ", "^-xy", "~\\\n[" }, new[] { "a!xx", "!!x]", "!!" })]
    [InlineData("""
        root ::= "1. " move " " move "\n" ([1-9] [0-9]? ". " move " " move "\n"){0,2}
        move ::= (pawn | piece | "O-O" "-O"?) [+#]?
        piece ::= [NBKQR] [a-h]? [1-8]? "x"? [a-h] [1-8]
        pawn ::= ([a-h] "x")? [a-h] [1-8] ("=" [NBKQR])?
        """,
        new[] { "1. e4 e5\n", "1. d4 Nf6\n2. Nbd2 O-O-O+\n" }, new[] { "1. e9 e5\n", "1. e4 e5\n2. e4\n" })]
    public void A_grammar_matches_what_it_says(string gbnf, string[] matches, string[] others)
    {
        var masks = Walker.Compile(Constraint.Grammar(gbnf));

        Assert.All(matches, text => Assert.True(Walker.Allows(masks, text), text));
        Assert.All(others, text => Assert.False(Walker.Allows(masks, text), text));
    }

    [Theory]
    [InlineData("root ::= root \"a\" | \"b\"", "left recursion")]
    [InlineData("root ::= a\na ::= b? c\nb ::= \"x\"\nc ::= a \"y\" | \"z\"", "left recursion")]
    [InlineData("start ::= \"a\"", "no rule 'root'")]
    [InlineData("root ::= missing", "'missing'")]
    [InlineData("root ::= \"a\" root", "for ever")]
    [InlineData("root ::= (\"a\"", "needs ')'")]
    [InlineData("root ::= \"a", "ends too early")]
    [InlineData("root ::= [a-z]{1,1000000000}", "1024")]
    [InlineData("root ::= \"a\"\nroot ::= \"b\"", "twice")]
    public void A_grammar_that_cannot_be_used_is_refused_with_what_is_wrong(string gbnf, string reason) =>
        Assert.Contains(reason, Refused(Constraint.Grammar(gbnf)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_grammar_of_very_many_rules_is_refused() =>
        Refused(Constraint.Grammar("root ::= " + string.Concat(Enumerable.Range(0, 6000).Select(i => $"r{i} "))
            + string.Concat(Enumerable.Range(0, 6000).Select(i => $"\nr{i} ::= \"a\""))));

    [Fact]
    public void Comments_line_breaks_and_escapes_are_read_as_llama_cpp_does()
    {
        const string gbnf = """
            # A list.
            root  ::= "[" ws (item ("," ws item)*)? "]"   # may be empty
            item  ::= "\x41" | "\u00e9" |
                      [\U0001F600-\U0001F64F] | (
                        "x"
                        "y"
                      )
            ws    ::= [ \t\n]{0,2}
            """;
        var masks = Walker.Compile(Constraint.Grammar(gbnf));

        Assert.True(Walker.Allows(masks, "[ A,é, 😀,xy]"));
        Assert.True(Walker.Allows(masks, "[]"));
        Assert.False(Walker.Allows(masks, "[A,]"));
        Assert.False(Walker.Allows(masks, "[   A]"));
    }

    [Fact]
    public void A_choice_is_one_of_its_texts_whole()
    {
        var masks = Walker.Compile(Constraint.Choice(["yes", "yes, please", "no\n"]));

        Assert.All((string[])["yes", "yes, please", "no\n"], text => Assert.True(Walker.Allows(masks, text)));
        Assert.All((string[])["", "ye", "no", "yesno\n"], text => Assert.False(Walker.Allows(masks, text)));
        Refused(Constraint.Choice(["a", ""]));
    }

    [Fact]
    public void Nesting_of_any_depth_never_gets_stuck()
    {
        var masks = Walker.Compile(Constraint.Grammar("root ::= \"[\" root \"]\" | \"x\""));
        var chain = string.Concat(Enumerable.Range(0, 2700).Select(i => $"r{i} ::= \"(\" r{i + 1} \")\"\n"));
        var deep = Walker.Compile(Constraint.Grammar(chain + "r2700 ::= \"x\"\nroot ::= r0"));

        Assert.True(Walker.Allows(masks, new string('[', 3000) + "x" + new string(']', 3000)));
        Assert.True(Walker.Allows(deep, new string('(', 2700) + "x" + new string(')', 2700)));
    }

    [Theory]
    [InlineData("root ::= \"[\" root \"]\" | \"x\"")]
    [InlineData("root ::= \"[\" pair \"]\" | \"x\"\npair ::= root \",\" tail\ntail ::= root \";\"")]
    public void At_the_deepest_level_a_text_closes_what_it_opened(string gbnf)
    {
        var masks = Walker.Compile(Constraint.Grammar(gbnf));
        var matcher = new ConstraintMatcher(masks);
        var deepest = 0;
        while (matcher.Allowed()[1 + '['])
        {
            matcher.Append(1 + '[');
            Assert.True(++deepest <= Stepper.DepthMax);
        }

        // Nothing that the masks allow leads to where nothing is allowed.
        var random = new Random(3);
        while (!matcher.IsComplete)
        {
            var ids = Enumerable.Range(1, 256).Where(id => matcher.Allowed()[id] && (id != 1 + '[' || deepest-- > 0));
            matcher.Append(ids.OrderBy(_ => random.Next()).First());
        }
        Assert.True(matcher.CanEnd);
    }

    [Fact]
    public void Endings_that_may_all_be_left_out_cost_no_more_than_a_bound()
    {
        // Every bracket may be closed or not, so that each level is a way to go on.
        var masks = Walker.Compile(Constraint.Grammar("root ::= \"(\" root? \")\"?"));
        var matcher = new ConstraintMatcher(masks);
        var start = System.Diagnostics.Stopwatch.GetTimestamp();
        for (var i = 0; i < 6000 && matcher.Allowed()[1 + '(']; i++) matcher.Append(1 + '(');
        for (var i = 0; i < 50; i++)
        {
            matcher.Append(1 + ')');
            matcher.Allowed();
        }

        Assert.True(matcher.HasOverflowed);
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(2));
    }

    [Fact]
    public void A_text_read_in_too_many_ways_spoils_no_other_of_the_same_grammar()
    {
        var masks = Walker.Compile(Constraint.Grammar("root ::= \"(\" root? \")\"?"));
        var lost = new ConstraintMatcher(masks);
        for (var i = 0; i < 2000; i++) lost.Append(1 + '(');
        lost.Append(1 + ')');
        Assert.False(lost.Allowed()[1 + ')']);
        Assert.True(lost.HasOverflowed);

        Assert.True(Walker.Allows(masks, "((()))"));
        lost.MoveTo([1 + '(']);
        Assert.False(lost.HasOverflowed);
        Assert.True(lost.Allowed()[1 + ')']);
    }

    [Theory]
    [InlineData("""{"anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"}},{"enum":["abab"]}]}""")]
    [InlineData("""{"type":"object"}""")]
    public void A_constrained_token_allocates_nothing(string schema)
    {
        var matcher = new ConstraintMatcher(Walker.Compile(Constraint.JsonSchema(schema)));
        int[] text = [.. (schema.Contains("anyOf") ? "\"" : "{\"").Select(letter => 1 + letter),
            .. Enumerable.Repeat(new[] { 1 + 'a', 1 + 'b' }, 300).SelectMany(ids => ids)];
        // Twice: the first time lists grow, and states are met that were not met before.
        Walk();
        matcher.MoveTo([]);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Walk();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Walk()
        {
            for (var i = 0; i < text.Length; i++)
            {
                if (!matcher.Allowed()[text[i]]) throw new InvalidOperationException($"Not allowed at {i}.");
                matcher.Append(text[i]);
            }
        }
    }

    [Fact]
    public void Constraints_are_kept_by_the_bytes_they_hold()
    {
        var small = new ConstraintCompiler(Vocabularies.Small, keptBytesMax: 100_000);
        var large = new ConstraintCompiler(Vocabularies.Small);
        for (var i = 0; i < 40; i++)
        {
            small.Compile(Constraint.Regex($"[a-z]{{1,{100 + i}}}"));
            large.Compile(Constraint.Regex($"[a-z]{{1,{100 + i}}}"));
        }

        Assert.InRange(small.Count, 1, 20);
        Assert.Equal(40, large.Count);
    }

    [Fact]
    public void A_grammar_that_can_be_read_in_too_many_ways_allows_nothing_instead_of_something_wrong()
    {
        // Every letter doubles the ways to read what came before it.
        var masks = Walker.Compile(Constraint.Grammar(
            "root ::= a a a a a a a a a a a a \"!\"\n"
            + "a ::= b b? b? b? | c c? c? c? | d d? d?\nb ::= (\"x\" e)+\nc ::= (\"x\" f)+\nd ::= (\"x\" e f)+\n"
            + "e ::= \"y\"? | g\nf ::= \"y\"? | g g?\ng ::= \"x\" | \"y\" g \"y\""));
        var matcher = new ConstraintMatcher(masks);
        var isStuck = false;
        for (var i = 0; i < 60 && !isStuck; i++)
        {
            isStuck = !matcher.Allowed()[1 + 'x'];
            matcher.Append(1 + 'x');
        }

        Assert.True(isStuck);
        Assert.False(matcher.CanEnd);
    }

    [Fact]
    public void A_matcher_goes_back_when_guesses_are_taken_back()
    {
        var matcher = new ConstraintMatcher(Walker.Compile(Constraint.Regex("ab(cd|ef)")));
        int[] text = [1 + 'a', 1 + 'b', 1 + 'c', 1 + 'd'];

        matcher.MoveTo(text);
        Assert.True(matcher.IsComplete);
        matcher.MoveTo(text.AsSpan(0, 2));
        Assert.True(matcher.Allowed()[1 + 'e']);
        matcher.MoveTo([1 + 'a', 1 + 'b', 1 + 'e']);
        Assert.Equal(1 + 'f', matcher.Allowed().Single());
    }

    private static RequestRefusedException Refused(Constraint constraint)
    {
        var refused = Assert.Throws<RequestRefusedException>(() => Walker.Compile(constraint));
        Assert.Equal(RefusalReason.Unsupported, refused.Reason);
        return refused;
    }
}
