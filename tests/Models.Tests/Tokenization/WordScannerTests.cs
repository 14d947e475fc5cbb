using Minka.Models.Tokenization.Patterns;
using Minka.Models.Tokenization.Splitting;

namespace Minka.Models.Tests.Tokenization;

/// <summary>The patterns are the specification; every hand-written scanner must agree with its own.</summary>
public sealed class WordScannerTests
{
    private static readonly WordScanner[] _scanners =
    [
        new Gpt2Scanner(),
        new Cl100kScanner(digits: 1, CharKind.Letter, longS: true),
        new Cl100kScanner(digits: 3, CharKind.Letter, longS: true),
        new Cl100kScanner(digits: 3, CharKind.Letter, longS: false),
        new Cl100kScanner(digits: 1, CharKind.Letter | CharKind.Mark, longS: true),
        new O200kScanner(digits: 3, contractions: true, asLlamaCpp: false),
        new O200kScanner(digits: 1, contractions: false, asLlamaCpp: false),
        new O200kScanner(digits: 3, contractions: true, asLlamaCpp: true),
        new O200kScanner(digits: 1, contractions: false, asLlamaCpp: true),
    ];

    public static TheoryData<int> Scanners => [.. Enumerable.Range(0, _scanners.Length)];

    [Theory, MemberData(nameof(Scanners))]
    public void A_scanner_cuts_where_its_pattern_does(int index)
    {
        var scanner = _scanners[index];
        var pattern = Pattern.Parse(scanner.Pattern);
        var texts = new RandomText(seed: index);
        for (var i = 0; i < 4_000; i++)
        {
            var text = texts.Next();
            var expected = new List<(int Start, int End)>();

            pattern.FindAll(text, expected);

            Assert.Equal(expected, Pieces(scanner, text));
        }
    }

    [Theory]
    [InlineData("I'll pay $12.50  now\n\n", "I|'ll| pay| $|12|.|50| | now|\n\n")]
    [InlineData("  x", " | x")]
    public void Gpt2_cuts_as_in_the_paper(string text, string expected) =>
        Assert.Equal(expected, string.Join('|', Texts(new Gpt2Scanner(), text)));

    [Theory]
    [InlineData("HTTPServer'S JSONData", "HTTPServer'S| JSONData")]
    [InlineData("camelCase", "camel|Case")]
    public void O200k_cuts_where_upper_case_follows_lower(string text, string expected) =>
        Assert.Equal(expected, string.Join('|',
            Texts(new O200kScanner(digits: 3, contractions: true, asLlamaCpp: false), text)));

    private static IEnumerable<string> Texts(WordScanner scanner, string text) =>
        Pieces(scanner, text).Select(piece => text[piece.Start..piece.End]);

    private static List<(int Start, int End)> Pieces(WordScanner scanner, string text)
    {
        var pieces = new List<(int, int)>();
        for (var at = 0; at < text.Length;)
        {
            var end = scanner.Next(text, at);
            Assert.True(end > at, $"Nothing was cut at {at} of '{text}'.");
            pieces.Add((at, end));
            at = end;
        }
        return pieces;
    }
}
