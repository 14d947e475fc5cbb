using System.Text;
using System.Text.Json.Nodes;
using Minka.Models.Loading.Dllama;
using Minka.Models.Loading.Gguf;
using Minka.Models.Tests.Loading;
using Minka.Models.Tests.Loading.Fuzzing;
using Minka.Models.Tokenization;

namespace Minka.Models.Tests.Tokenization;

/// <summary>
/// Whatever a tokenizer file holds, it is used or refused with a sentence: no other exception, no hang, no large
/// allocation. For a long run set <c>MINKA_FUZZ_SECONDS</c>, which each kind of file then gets.
/// </summary>
public sealed class TokenizerFuzzTests
{
    private const int Rounds = 400;
    private const long AllocatedMax = 64 << 20;

    private static readonly Dictionary<string, (byte[] Sound, Func<byte[], Tokenizer> Read)> _kinds = new()
    {
        ["byte-level json"] = (TinyTokenizers.Bytes(TinyTokenizers.ByteLevel()), ReadJson),
        ["SentencePiece json"] = (TinyTokenizers.Bytes(TinyTokenizers.SentencePieceLike()), ReadJson),
        ["steps json"] = (TinyTokenizers.Bytes(EveryStep()), ReadJson),
        ["unigram json"] = (TinyTokenizers.Bytes(Unigram()), ReadJson),
        ["config json"] = (Encoding.UTF8.GetBytes("""{"bos_token":{"content":"<|bos|>"},"add_bos_token":true}"""),
            bytes => Tokenizers.FromTokenizerJson(TinyTokenizers.Bytes(TinyTokenizers.ByteLevel()), bytes)),
        ["SentencePiece gguf"] = (TinyTokenizers.SentencePieceGguf().ToArray(), ReadGguf),
        ["byte-level gguf"] = (TinyTokenizers.ByteLevelGguf("llama-bpe").ToArray(), ReadGguf),
        ["distributed-llama"] = (DllamaTokenizerTests.ByteLevelFile().ToArray(), ReadDllama),
        ["distributed-llama SentencePiece"] = (DllamaTokenizerTests.SentencePieceFile().ToArray(), ReadDllama),
        ["llama2.c"] = (DllamaTokenizerTests.Llama2CFile(), bytes => Tokenizers.FromLlama2C(bytes)),
    };

    public static TheoryData<string> Kinds => [.. _kinds.Keys];

    [Theory, MemberData(nameof(Kinds))]
    public void A_damaged_file_is_used_or_refused(string kind)
    {
        var (sound, read) = _kinds[kind];
        Assert.False(Refuses(sound, -1));
        var (refused, rounds) = FuzzRounds.Run(Rounds, seed => Refuses(new Mutator(seed).Mutate(sound), seed));

        Assert.True(refused > rounds / 20, $"Only {refused} of {rounds} damaged files were refused.");

        bool Refuses(byte[] file, int seed) => FuzzRounds.Refuses<ModelFormatException>(
            $"{kind}, seed {seed}", AllocatedMax, () => Use(read(file), seed));
    }

    private static void Use(Tokenizer tokenizer, int seed)
    {
        var text = new RandomText(seed).Next(40) + " hello ab <s> <|im_end|>";
        foreach (var parse in new[] { true, false })
        {
            var ids = tokenizer.Encode(text, parseSpecial: parse);
            Assert.All(ids, id => Assert.InRange(id, 0, tokenizer.VocabularySize - 1));
            var stream = tokenizer.CreateStream();
            Assert.Equal(tokenizer.Decode(ids), string.Concat(ids.Select(stream.Push)) + stream.Finish());
        }
        for (var id = -1; id <= Math.Min(tokenizer.VocabularySize, 400); id++)
        {
            _ = tokenizer.TokenBytes(id).Length + tokenizer.TokenText(id).Length;
        }
        Assert.All(tokenizer.EosIds, id => Assert.InRange(id, 0, tokenizer.VocabularySize - 1));
    }

    private static Tokenizer ReadJson(byte[] bytes) => Tokenizers.FromTokenizerJson(bytes);

    private static Tokenizer ReadGguf(byte[] bytes)
    {
        using var folder = new TemporaryFolder();
        using var file = GgufFile.Open(folder.Write("vocab.gguf", bytes));
        return Tokenizers.FromGguf(file.Metadata);
    }

    private static Tokenizer ReadDllama(byte[] bytes)
    {
        using var folder = new TemporaryFolder();
        return Tokenizers.FromDllama(DllamaTokenizerFile.Open(folder.Write("tokenizer.t", bytes)));
    }

    private static JsonObject EveryStep()
    {
        var json = TinyTokenizers.ByteLevel();
        json["normalizer"] = JsonNode.Parse("""
            {"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Lowercase"},{"type":"StripAccents"},
             {"type":"Replace","pattern":{"Regex":"a{2,4}|[^\\s\\p{L}&&[^!-/]]+?x"},"content":"b"},
             {"type":"Strip","strip_left":true,"strip_right":true}]}
            """);
        json["pre_tokenizer"] = JsonNode.Parse("""
            {"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},
             {"type":"Punctuation","behavior":"Contiguous"},
             {"type":"Split","pattern":{"Regex":"(?i:'s|'t)|\\p{L}+(?=\\s)|(?:\\p{N}\\p{M}*)+"},
              "behavior":"MergedWithNext","invert":false},
             {"type":"ByteLevel","add_prefix_space":true,"use_regex":false}]}
            """);
        return json;
    }

    private static JsonObject Unigram()
    {
        var json = TinyTokenizers.SentencePieceLike();
        json["model"] = JsonNode.Parse("""
            {"type":"Unigram","unk_id":0,"byte_fallback":true,
             "vocab":[["<unk>",0],["<s>",0],["</s>",0],["▁",-2],["a",-3.5],["b",-3],["ab",-4],["▁ab",-4.25]]}
            """);
        return json;
    }
}
