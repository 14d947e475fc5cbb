using System.Text.RegularExpressions;
using Minka.Models.Tokenization.Patterns;

namespace Minka.Models.Tests.Tokenization;

/// <summary>Regular expressions over code points: what they match, what they refuse, that they end.</summary>
public sealed class PatternTests
{
    [Theory]
    [InlineData(@"\p{L}+", "ab1𝒜é", "ab|𝒜é")]
    [InlineData(@"[^\s\p{L}]+", "a!?😀b", "!?😀")]
    [InlineData(@"a{2,3}", "aaaaaaa", "aaa|aaa")]
    [InlineData(@"a{,2}b", "aaab", "aab")]
    [InlineData(@"a{b", "a{b", "a{b")]
    [InlineData(@"(?i:it's)|É", "IT'S é É", "IT'S|É")]
    [InlineData(@"a+?b|a", "aab", "aab")]
    [InlineData(@"\d++2|\d", "122", "1|2|2")]
    [InlineData(@"(?>a|ab)c|b", "abc", "b")]
    [InlineData(@"\s+(?!\S)", "a   b  ", "  |  ")]
    [InlineData(@"(?<=a)b", "abbb", "b")]
    [InlineData(@"(?<!\d)\d", "12 3", "1|3")]
    [InlineData(@"[a-z&&[^aeiou]]+", "hello", "h|ll")]
    [InlineData(@"[]a]+", "]a[", "]a")]
    [InlineData(@"[[a-c][x-z]]+", "axmz", "ax|z")]
    [InlineData(@"\p{Han}+", "漢字々あ𠀀", "漢字々|𠀀")]
    [InlineData(@"\x41|\x{1F600}|\u00e9", "A😀é", "A|😀|é")]
    [InlineData(@"^b|a$", "a\nb", "a|b")]
    [InlineData(@".+", "a\nb\rc", "a|b\rc")]
    [InlineData(@"\b\w", "ab cd", "a|c")]
    [InlineData(@"(?:ab|a)b", "abab", "ab|ab")]
    public void A_pattern_matches_as_Oniguruma_does(string pattern, string text, string expected) =>
        Assert.Equal(expected, string.Join('|', Matches(pattern, text)));

    [Fact]
    public void An_empty_match_cuts_but_not_right_behind_another()
    {
        var matches = new List<(int Start, int End)>();

        Pattern.Parse(@"(?=(\d{3})+(?!\d))").FindAll("1234567", matches);

        Assert.Equal([(1, 1), (4, 4)], matches);
    }

    [Theory]
    [InlineData(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    [InlineData(@"(?i:'s|'re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+")]
    [InlineData(@"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|\p{N}|\s+(?!\S)")]
    [InlineData(@"(?:[a-z]+\s)+?[A-Z]|(?>\s*)\n|\p{P}{2,}?(?=\s)|(?<=\p{L})\d")]
    [InlineData(@"\s+(?!\S)|\s|(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+")]
    public void A_pattern_matches_what_the_platform_matches_in_the_basic_plane(string pattern)
    {
        var platform = new Regex(pattern, RegexOptions.CultureInvariant);
        var texts = new RandomText(seed: 1);
        for (var i = 0; i < 2_000; i++)
        {
            var text = texts.Next(isBasicPlane: true);

            Assert.Equal(platform.Matches(text).Select(match => match.Value), Matches(pattern, text));
        }
    }

    [Theory]
    [InlineData("(a", "a sudden end")]
    [InlineData("a)", "a ')' that closes nothing")]
    [InlineData("[a", "a sudden end")]
    [InlineData("[z-a]", "a range that ends before it begins")]
    [InlineData("*a", "'*' with nothing to repeat")]
    [InlineData("(?:a*)*", "an endless repetition of what may be empty")]
    [InlineData("a{3,2}", "a count from 3 down to 2")]
    [InlineData("a{9999}", "a count above 1000")]
    [InlineData(@"\p{Klingon}", "the character property 'Klingon'")]
    [InlineData(@"(a)\1", @"'\1', which is not supported")]
    [InlineData(@"(?<=a+)b", "a look behind of varying width")]
    [InlineData("[[:alpha:]]", "a '[:name:]' set")]
    [InlineData(@"\x{110000}", "a hexadecimal code that names no character")]
    public void What_is_malformed_or_unsupported_is_refused_by_name(string pattern, string reason)
    {
        var refusal = Assert.Throws<ModelFormatException>(() => Pattern.Parse(pattern));

        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((a")]
    [InlineData("(((a{1000}){1000}){1000}){1000}")]
    public void A_pattern_without_measure_is_refused(string pattern) =>
        Assert.Throws<ModelFormatException>(() => Pattern.Parse(pattern));

    [Fact]
    public void A_pattern_that_would_take_for_ever_is_stopped()
    {
        var pattern = Pattern.Parse("(?:a|aa)+b");

        var refusal = Assert.Throws<ModelFormatException>(() => pattern.FindAll(new string('a', 200), []));

        Assert.Contains("too many steps", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_leading_run_is_not_tried_again_from_each_of_its_places()
    {
        var matches = new List<(int Start, int End)>();

        Pattern.Parse(@"\s+\z").FindAll(new string(' ', 1_000_000) + "a ", matches);

        Assert.Equal([(1_000_001, 1_000_002)], matches);
    }

    private static IEnumerable<string> Matches(string pattern, string text)
    {
        var matches = new List<(int Start, int End)>();
        Pattern.Parse(pattern).FindAll(text, matches);
        return matches.Select(match => text[match.Start..match.End]);
    }
}
