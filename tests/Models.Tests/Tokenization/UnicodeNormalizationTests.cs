using System.Text;
using Minka.Models.Tokenization.Normalizing;

namespace Minka.Models.Tests.Tokenization;

/// <summary>The four forms on examples of Unicode Standard Annex 15, and the laws between them.</summary>
public sealed class UnicodeNormalizationTests
{
    [Theory]
    [InlineData("e\u0301", "\u00E9")]
    [InlineData("\u212B", "\u00C5")]
    [InlineData("\u1E9B\u0323", "\u1E9B\u0323")]
    [InlineData("d\u0307\u0323", "\u1E0D\u0307")]
    [InlineData("\u1112\u1161\u11AB", "\uD55C")]
    [InlineData("\uD55C\u1100", "\uD55C\u1100")]
    [InlineData("\u0915\u093C", "\u0915\u093C")]
    [InlineData("\u0958", "\u0915\u093C")]
    [InlineData("\uFB01", "\uFB01")]
    [InlineData("\u0B47\u0300\u0B3E", "\u0B47\u0300\u0B3E")]
    public void Form_C_composes(string text, string expected) =>
        Assert.Equal(expected, UnicodeNormalization.Nfc.Normalize(text));

    [Theory]
    [InlineData("\u00E9", "e\u0301")]
    [InlineData("\u1E0D\u0307", "d\u0323\u0307")]
    [InlineData("\uD55C", "\u1112\u1161\u11AB")]
    [InlineData("\uFB01", "\uFB01")]
    public void Form_D_decomposes(string text, string expected) =>
        Assert.Equal(expected, UnicodeNormalization.Nfd.Normalize(text));

    [Theory]
    [InlineData("\uFB01", "fi")]
    [InlineData("\u2460\u00B2", "12")]
    [InlineData("\uFF76\uFF9E", "\u30AC")]
    [InlineData("\u337F", "\u682A\u5F0F\u4F1A\u793E")]
    [InlineData("\u1E9B\u0323", "\u1E69")]
    public void Form_KC_takes_compatible_letters_for_one(string text, string expected) =>
        Assert.Equal(expected, UnicodeNormalization.Nfkc.Normalize(text));

    [Fact]
    public void The_forms_agree_with_each_other_on_every_letter()
    {
        for (var point = 0; point < 0x20000; point++)
        {
            // Neither surrogates and private letters nor most ideographs have anything to normalise.
            if (point is (>= 0x3500 and < 0xA000) or (>= 0xB000 and < 0xF900)) continue;
            var text = "a\u0301" + new Rune(point) + "\u0323\u0300";
            var (c, d) = (UnicodeNormalization.Nfc.Normalize(text), UnicodeNormalization.Nfd.Normalize(text));
            var (kc, kd) = (UnicodeNormalization.Nfkc.Normalize(text), UnicodeNormalization.Nfkd.Normalize(text));

            Assert.Equal(c, UnicodeNormalization.Nfc.Normalize(d));
            Assert.Equal(d, UnicodeNormalization.Nfd.Normalize(c));
            Assert.Equal(kc, UnicodeNormalization.Nfkc.Normalize(c));
            Assert.Equal(kd, UnicodeNormalization.Nfkd.Normalize(kc));
        }
    }

    [Fact]
    public void Text_without_anything_to_do_is_returned_as_it_is()
    {
        const string Text = "Grüße, 世界 and \u00E9";

        Assert.Same(Text, UnicodeNormalization.Nfc.Normalize(Text));
    }
}
