using Minka.Models.Tokenization;

namespace Minka.Models.Tests.Tokenization;

/// <summary>Decoding token by token.</summary>
public sealed class TextStreamTests
{
    public static TheoryData<int> Kinds => [0, 1, 2];

    [Fact]
    public void A_character_is_held_until_it_is_whole()
    {
        var stream = TinyTokenizers.Read(TinyTokenizers.ByteLevel()).CreateStream();

        Assert.Equal("hello", stream.Push(259));
        Assert.Equal("", stream.Push(0xF0));
        Assert.Equal("", stream.Push(0x9F));
        Assert.Equal("", stream.Push(0x98));
        Assert.Equal("😀", stream.Push(0x80));
        Assert.Equal("", stream.Push(262));
        Assert.Equal("", stream.Push(0xC3));
        Assert.Equal("\uFFFD", stream.Finish());
    }

    [Fact]
    public void A_text_that_goes_on_keeps_its_first_space()
    {
        var tokenizer = TinyTokenizers.Read(TinyTokenizers.SentencePieceGguf());

        Assert.Equal("ab", tokenizer.CreateStream().Push(263));
        Assert.Equal(" ab", tokenizer.CreateStream(continues: true).Push(263));

        var json = TinyTokenizers.Read(TinyTokenizers.SentencePieceLike());
        Assert.Equal(" ab", json.CreateStream(continues: true).Push(263));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void All_parts_together_are_the_decoded_text_whatever_the_ids(int kind)
    {
        var tokenizer = Read(kind);
        var random = new Random(kind);
        for (var round = 0; round < 3_000; round++)
        {
            int[] ids = [.. Enumerable.Range(0, random.Next(12)).Select(_ => random.Next(-1, 266))];
            var skip = random.Next(2) == 0;
            var stream = tokenizer.CreateStream(skip);

            var text = string.Concat(ids.Select(stream.Push)) + stream.Finish();

            Assert.Equal(tokenizer.Decode(ids, skip), text);
        }
    }

    private static Tokenizer Read(int kind) => kind switch
    {
        0 => TinyTokenizers.Read(TinyTokenizers.ByteLevel()),
        1 => TinyTokenizers.Read(TinyTokenizers.SentencePieceLike()),
        _ => TinyTokenizers.Read(TinyTokenizers.SentencePieceGguf()),
    };
}
