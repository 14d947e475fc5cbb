using System.Text;
using System.Text.Json;
using Minka.Models.Loading.Dllama;
using Minka.Models.Tests.Loading;
using Minka.Models.Tests.Loading.Writers;
using Minka.Models.Tokenization;

namespace Minka.Models.Tests.Tokenization;

/// <summary>Tokenizers of raw bytes with scores: distributed-llama's and llama2.c's.</summary>
public sealed class DllamaTokenizerTests
{
    [Fact]
    public void The_lowest_id_merges_first_within_words()
    {
        var tokenizer = Read(ByteLevelFile());

        Assert.Equal("byte-level BPE (qwen2, by its special tokens)", tokenizer.Kind);
        Assert.Equal([259, ' ', 256, 264], tokenizer.Encode("hello he<|im_end|>", addSpecial: false));
        Assert.Equal([264, 262], tokenizer.EosIds);
        Assert.Equal("hello", tokenizer.Decode([262, 259]));
    }

    [Fact]
    public void Without_a_split_merges_cross_words_as_in_dllama()
    {
        using var folder = new TemporaryFolder();
        var file = DllamaTokenizerFile.Open(folder.Write("tokenizer.t", ByteLevelFile().ToArray()));

        Assert.Equal(['o', 260], Tokenizers.FromDllama(file).Encode("o w", addSpecial: false));
        Assert.Equal([261], Tokenizers.FromDllama(file, mergesAcrossWords: true).Encode("o w", addSpecial: false));
    }

    [Fact]
    public void Sentence_pieces_begin_with_a_space_that_the_text_does_not_have()
    {
        var tokenizer = Read(SentencePieceFile());

        Assert.Equal("SentencePiece BPE", tokenizer.Kind);
        Assert.Equal([1, 263, 263], tokenizer.Encode("ab ab"));
        Assert.Equal([1, 259, 3 + 0xC3, 3 + 0xA9, 2], tokenizer.Encode("é</s>"));
        Assert.Equal("ab ab", tokenizer.Decode([1, 263, 263, 2]));
    }

    [Fact]
    public void A_tokenizer_of_llama2c_is_the_same()
    {
        var tokenizer = Tokenizers.FromLlama2C(Llama2CFile());

        Assert.Equal([1, 263, 263], tokenizer.Encode("ab ab"));
        Assert.Equal([1, 259, 3 + 0xC3, 3 + 0xA9], tokenizer.Encode("é"));
        Assert.Equal("ab ab", tokenizer.Decode([1, 263, 263, 2]));
    }

    // A .t file holds what its tokenizer.json holds, without the merges: ids must come out the same.
    [Fact]
    public void Files_written_from_byte_level_vocabularies_encode_as_these_do()
    {
        var compared = 0;
        foreach (var path in SharedFiles.Find("tokenizer.json"))
        {
            var json = File.ReadAllBytes(path);
            var original = Tokenizers.FromTokenizerJson(json);
            if (Write(original, json) is not { } writer) continue;
            var tokenizer = Read(writer);
            var texts = new RandomText(seed: 9);
            for (var i = 0; i < 500; i++)
            {
                // Normal forms are no part of a .t file, and text below U+0300 is normal.
                var text = string.Concat(texts.Next().Where(c => c < 0x300));

                Assert.Equal(original.Encode(text, addSpecial: false), tokenizer.Encode(text, addSpecial: false));
            }
            compared++;
        }
        if (compared == 0) Assert.Skip("No byte-level tokenizer.json with its special tokens last was found.");
    }

    /// <summary>
    /// Bytes, then <c>he</c> 256, <c>ll</c>, <c>llo</c>, <c>hello</c> 259, <c> w</c>, <c>o w</c> 261; BOS is 262.
    /// </summary>
    internal static DllamaTokenizerWriter ByteLevelFile()
    {
        var writer = new DllamaTokenizerWriter { BosId = 262, EosIds = [264], AddBos = false, Template = "{{ x }}" };
        for (var b = 0; b < 256; b++) writer.Pieces.Add(([(byte)b], -b));
        string[] merged = ["he", "ll", "llo", "hello", " w", "o w", "<|endoftext|>", "<|im_start|>", "<|im_end|>"];
        foreach (var (i, piece) in merged.Index()) writer.Add(piece, -256 - i);
        return writer;
    }

    /// <summary>The tiny SentencePiece vocabulary with spaces and raw bytes.</summary>
    internal static DllamaTokenizerWriter SentencePieceFile()
    {
        var writer = new DllamaTokenizerWriter { BosId = 1, EosIds = [2] };
        writer.Add("<unk>", 0).Add("\n<s>\n", 0).Add("\n</s>\n", 0);
        for (var b = 0; b < 256; b++) writer.Pieces.Add(([(byte)b], 0));
        return writer.Add(" ", -4).Add("a", -3).Add("b", -2).Add("ab", -1).Add(" ab", 0);
    }

    internal static byte[] Llama2CFile()
    {
        var stream = new MemoryStream();
        var writer = new BinaryWriter(stream);
        writer.Write(7);
        foreach (var (id, (bytes, score)) in SentencePieceFile().Pieces.Index())
        {
            var text = id is >= 3 and < 259 ? Encoding.ASCII.GetBytes($"<0x{id - 3:X2}>") : bytes;
            writer.Write(score);
            writer.Write(text.Length);
            writer.Write(text);
        }
        return stream.ToArray();
    }

    private static Tokenizer Read(DllamaTokenizerWriter writer)
    {
        using var folder = new TemporaryFolder();
        return Tokenizers.FromDllama(DllamaTokenizerFile.Open(folder.Write("tokenizer.t", writer.ToArray())));
    }

    private static DllamaTokenizerWriter? Write(Tokenizer tokenizer, byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        var first = document.RootElement.GetProperty("added_tokens").EnumerateArray()
            .Select(token => token.GetProperty("id").GetInt32()).DefaultIfEmpty(0).Min();
        if (!tokenizer.Kind.StartsWith("byte-level", StringComparison.Ordinal) || first < tokenizer.VocabularySize / 2)
            return null;
        var writer = new DllamaTokenizerWriter { BosId = first, EosIds = tokenizer.EosIds, AddBos = false };
        for (var id = 0; id < tokenizer.VocabularySize; id++)
            writer.Pieces.Add((tokenizer.TokenBytes(id).ToArray(), -id));
        return writer;
    }
}
