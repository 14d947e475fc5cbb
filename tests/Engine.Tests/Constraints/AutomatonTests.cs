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
        StackNode[] stacks = [StackNode.Bottom().Push(masks.Grammar.Start)];
        for (var step = 0; step < 60; step++)
        {
            var mask = new TokenMask(Vocabularies.Small.Count);
            foreach (var stack in stacks) mask.Add(masks.Of(stack));
            List<StackNode[]> ways = [];
            for (var id = 1; id < Vocabularies.Small.Count; id++)
            {
                var after = stacks;
                foreach (var value in Vocabularies.Small.BytesOf(id)) after = stepper.Step(after, value);
                Assert.Equal(after.Length > 0, mask[id]);
                if (after.Length > 0) ways.Add(after);
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
    [InlineData("^[^\\x00-\\x7F]+$", new[] { "é日😀" }, new[] { "a", "" })]
    [InlineData("\\u00e9\\.\\x2b", new[] { "é.+" }, new[] { "éa+" })]
    [InlineData("x{0}y{2}", new[] { "yy" }, new[] { "xyy", "y" })]
    public void A_regular_expression_matches_what_it_says(string pattern, string[] matches, string[] others)
    {
        var masks = Walker.Compile(Constraint.Regex(pattern));

        Assert.All(matches, text => Assert.True(Walker.Allows(masks, text), text));
        Assert.All(others, text => Assert.False(Walker.Allows(masks, text), text));
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
    [InlineData("\\p{L}")]
    [InlineData("a^b")]
    [InlineData("((((a{1000}){1000}){1000}){1000})")]
    public void A_regular_expression_that_is_not_supported_is_refused(string pattern) =>
        Refused(Constraint.Regex(pattern));

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
        var chain = string.Concat(Enumerable.Range(0, 400).Select(i => $"r{i} ::= \"(\" r{i + 1} \")\"\n"));
        var deep = Walker.Compile(Constraint.Grammar(chain + "r400 ::= \"x\"\nroot ::= r0"));

        Assert.True(Walker.Allows(masks, new string('[', 3000) + "x" + new string(']', 3000)));
        Assert.True(Walker.Allows(deep, new string('(', 400) + "x" + new string(')', 400)));
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
