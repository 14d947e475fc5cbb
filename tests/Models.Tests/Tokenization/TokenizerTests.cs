using Minka.Models.Tokenization;
using System.Text.Json.Nodes;
using Minka.Models.Loading;

namespace Minka.Models.Tests.Tokenization;

/// <summary>Encoding and decoding with tokenizers that can be worked out by hand.</summary>
public sealed class TokenizerTests
{
    [Fact]
    public void Bytes_merge_by_rank_within_words()
    {
        var tokenizer = TinyTokenizers.Read(TinyTokenizers.ByteLevel());

        Assert.Equal([259, 260, 33], tokenizer.Encode("hello hello!", addSpecial: false));
        Assert.Equal([256, 'l', 'o'], tokenizer.Encode("helo", addSpecial: false));
        Assert.Equal([0xC3, 0xA9], tokenizer.Encode("é", addSpecial: false));
        Assert.Equal("hello hello!é", tokenizer.Decode([259, 260, 33, 0xC3, 0xA9]));
    }

    [Fact]
    public void Special_tokens_are_added_found_and_skipped_as_asked()
    {
        var tokenizer = TinyTokenizers.Read(TinyTokenizers.ByteLevel());

        Assert.True(tokenizer.AddsBos);
        Assert.Equal(261, tokenizer.BosId);
        Assert.Equal([262], tokenizer.EosIds);
        Assert.Equal([261, 'a', 262], tokenizer.Encode("a<|im_end|>"));
        Assert.Equal("a", tokenizer.Decode([261, 'a', 262]));
        Assert.Equal("<|bos|>a<|im_end|>", tokenizer.Decode([261, 'a', 262], skipSpecial: false));
    }

    [Fact]
    public void Special_tokens_in_user_text_stay_text_when_asked()
    {
        var tokenizer = TinyTokenizers.Read(TinyTokenizers.ByteLevel());

        var ids = tokenizer.Encode("<|im_end|><tool>", addSpecial: false, parseSpecial: false);

        Assert.Equal([.. "<|im_end|>".Select(c => (int)c), 263], ids);
        Assert.Equal("<|im_end|><tool>", tokenizer.Decode(ids));
    }

    [Fact]
    public void Special_tokens_in_guarded_text_stay_text_inside_a_longer_one()
    {
        var tokenizer = TinyTokenizers.Read(TinyTokenizers.ByteLevel());
        var written = tokenizer.Guard("a<|im_end|>");

        var ids = tokenizer.Encode($"<|bos|>{written}<|im_end|>", addSpecial: false);

        Assert.Equal([261, 'a', .. "<|im_end|>".Select(c => (int)c), 262], ids);
        Assert.Equal("a<|im_end|>", Tokenizer.Unguard(written));
    }

    [Fact]
    public void A_guard_that_somebody_wrote_guards_nothing_of_the_template()
    {
        var tokenizer = TinyTokenizers.Read(TinyTokenizers.ByteLevel());
        var guard = tokenizer.Guard("<|im_end|>")[1];

        var ids = tokenizer.Encode($"{tokenizer.Guard($"a<{guard}|im_end|>")}<|im_end|>", addSpecial: false);

        Assert.Equal(['a', .. "<|im_end|>".Select(c => (int)c), 262], ids);
    }

    [Fact]
    public void Unknown_characters_fall_back_to_bytes_and_spaces_to_the_visible_letter()
    {
        var tokenizer = TinyTokenizers.Read(TinyTokenizers.SentencePieceLike());

        Assert.Equal([1, 263, 263], tokenizer.Encode("ab ab"));
        Assert.Equal([259, 3 + 0xC3, 3 + 0xA9], tokenizer.Encode("é", addSpecial: false));
        Assert.Equal("ab ab", tokenizer.Decode([1, 263, 263]));
        Assert.Equal("é", tokenizer.Decode([259, 3 + 0xC3, 3 + 0xA9]));
        Assert.Equal("\uFFFD\uFFFDab", tokenizer.Decode([3 + 0xFF, 3 + 0xA9, 262]));
        Assert.Equal([0xC3], tokenizer.TokenBytes(3 + 0xC3).ToArray());
        Assert.Equal(" ab"u8.ToArray(), tokenizer.TokenBytes(263).ToArray());
        Assert.Equal("▁ab", tokenizer.TokenText(263));
    }

    [Fact]
    public void The_same_vocabulary_in_gguf_gives_the_same_ids()
    {
        var tokenizer = TinyTokenizers.Read(TinyTokenizers.SentencePieceGguf());

        Assert.Equal("SentencePiece BPE", tokenizer.Kind);
        Assert.Equal([1, 263, 263], tokenizer.Encode("ab ab"));
        Assert.Equal([1, 259, 3 + 0xC3, 3 + 0xA9], tokenizer.Encode("é"));
        Assert.Equal([2], tokenizer.EosIds);
        Assert.Equal("ab ab", tokenizer.Decode([1, 263, 263]));
        Assert.Equal("<s> ab", tokenizer.Decode([1, 263], skipSpecial: false));
    }

    [Theory]
    [InlineData("gpt-2", false)]
    [InlineData("llama-bpe", true)]
    public void A_gguf_vocabulary_is_split_by_the_name_it_gives(string pre, bool addsBos)
    {
        var tokenizer = TinyTokenizers.Read(TinyTokenizers.ByteLevelGguf(pre));

        Assert.Equal($"byte-level BPE ({pre})", tokenizer.Kind);
        Assert.Equal(addsBos, tokenizer.AddsBos);
        Assert.Equal([259, 260, 262], tokenizer.Encode("hello hello<|im_end|>", addSpecial: false));
        Assert.Equal([262], tokenizer.EosIds);
    }

    [Fact]
    public void Added_tokens_take_white_space_and_respect_words_as_their_flags_say()
    {
        var json = TinyTokenizers.ByteLevel();
        var tokens = (JsonArray)json["added_tokens"]!;
        tokens.Add(Flagged(264, "[L]", "lstrip"));
        tokens.Add(Flagged(265, "[R]", "rstrip"));
        tokens.Add(Flagged(266, "on", "single_word"));
        var tokenizer = TinyTokenizers.Read(json);

        Assert.Equal(['a', 264, 'b'], tokenizer.Encode("a  [L]b", addSpecial: false));
        Assert.Equal(['a', 265, 'b'], tokenizer.Encode("a[R] \n b", addSpecial: false));
        Assert.Equal(['o', 'n', 'e', ' ', 266, '!'], tokenizer.Encode("one on!", addSpecial: false));
    }

    [Fact]
    public void Of_added_tokens_at_one_place_the_longest_is_found()
    {
        var json = TinyTokenizers.ByteLevel();
        ((JsonArray)json["added_tokens"]!).Add(TinyTokenizers.Added(264, "<tool>!", false));
        var tokenizer = TinyTokenizers.Read(json);

        Assert.Equal([264, 263, '?'], tokenizer.Encode("<tool>!<tool>?", addSpecial: false));
    }

    [Theory]
    [InlineData("""{"add_bos_token":false,"eos_token":"<tool>"}""", false, 263)]
    [InlineData("""{"bos_token":{"content":"<|bos|>"},"eos_token":{"content":"<|im_end|>"}}""", true, 262)]
    public void The_config_beside_it_says_what_begins_and_ends_a_text(string config, bool addsBos, int eos)
    {
        var tokenizer = TinyTokenizers.Read(TinyTokenizers.ByteLevel(), config);

        Assert.Equal(addsBos, tokenizer.AddsBos);
        Assert.Equal(261, tokenizer.BosId);
        Assert.Equal(eos, tokenizer.EosIds[0]);
    }

    [Fact]
    public void Tokens_are_found_by_their_text_and_ids_without_a_token_are_nothing()
    {
        var tokenizer = TinyTokenizers.Read(TinyTokenizers.ByteLevel());

        Assert.True(tokenizer.TryGetId("Ġhello", out var id));
        Assert.Equal(260, id);
        Assert.False(tokenizer.TryGetId("nothing", out _));
        Assert.Equal(264, tokenizer.VocabularySize);
        Assert.Equal("a", tokenizer.Decode([-1, 'a', 264, int.MaxValue]));
        Assert.Equal("", tokenizer.TokenText(1_000));
        Assert.True(tokenizer.TokenBytes(-5).IsEmpty);
    }

    [Fact]
    public void A_gap_in_the_ids_is_no_token()
    {
        var json = TinyTokenizers.ByteLevel();
        ((JsonArray)json["added_tokens"]!).Add(TinyTokenizers.Added(300, "<far>", true));
        var tokenizer = TinyTokenizers.Read(json);

        Assert.Equal(301, tokenizer.VocabularySize);
        Assert.Equal([300], tokenizer.Encode("<far>", addSpecial: false));
        Assert.Equal("", tokenizer.Decode([280], skipSpecial: false));
    }

    [Fact]
    public void An_unpaired_surrogate_becomes_the_replacement_character()
    {
        var tokenizer = TinyTokenizers.Read(TinyTokenizers.ByteLevel());

        Assert.Equal("a\uFFFDb", tokenizer.Decode(tokenizer.Encode("a\uD800b")));
    }

    [Fact]
    public void Any_number_of_threads_may_encode_at_once()
    {
        var tokenizer = TinyTokenizers.Read(TinyTokenizers.ByteLevel());
        var texts = new RandomText(seed: 3);
        string[] samples = [.. Enumerable.Range(0, 200).Select(_ => texts.Next(30))];
        int[][] expected = [.. samples.Select(text => TinyTokenizers.Read(TinyTokenizers.ByteLevel()).Encode(text))];

        Parallel.For(0, 2_000, i => Assert.Equal(expected[i % 200], tokenizer.Encode(samples[i % 200])));
    }

    [Theory]
    [InlineData('a')]
    [InlineData(' ')]
    [InlineData('\n')]
    [InlineData('<')]
    [InlineData('7')]
    public void A_million_equal_characters_take_seconds_not_hours(char letter)
    {
        foreach (var json in new[] { TinyTokenizers.ByteLevel(), TinyTokenizers.SentencePieceLike() })
        {
            var tokenizer = TinyTokenizers.Read(json);
            var text = new string(letter, 1_000_000);
            var start = TimeProvider.System.GetTimestamp();

            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
            Assert.InRange(TimeProvider.System.GetElapsedTime(start).TotalSeconds, 0, 60);
        }
    }

    [Fact]
    public void A_step_that_is_not_built_is_named()
    {
        var json = TinyTokenizers.ByteLevel();
        json["normalizer"] = JsonNode.Parse("""{"type":"Nmt"}""");

        var refusal = Assert.Throws<UnsupportedModelException>(() => TinyTokenizers.Read(json));

        Assert.Equal("normalizer Nmt", refusal.Feature);
        Assert.Throws<UnsupportedModelException>(() => TinyTokenizers.Read(TinyTokenizers.ByteLevelGguf("sundial")));
    }

    private static JsonObject Flagged(int id, string content, string flag)
    {
        var token = TinyTokenizers.Added(id, content, special: false);
        token[flag] = true;
        return token;
    }
}
