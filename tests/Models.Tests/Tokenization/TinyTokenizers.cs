using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Minka.Models.Loading.Gguf;
using Minka.Models.Tests.Loading;
using Minka.Models.Tests.Loading.Writers;
using Minka.Models.Tokenization;

namespace Minka.Models.Tests.Tokenization;

/// <summary>Tokenizer files small enough to work out by hand.</summary>
internal static class TinyTokenizers
{
    /// <summary>GPT-2's letters of the 256 bytes, which begin every byte-level vocabulary here.</summary>
    private static readonly string[] _byteLetters =
        [.. Enumerable.Range(0, 256).Select(b => ByteLetters.Of((byte)b).ToString())];

    /// <summary>
    /// Byte-level BPE: ids 0–255 are the bytes, then <c>he</c> 256, <c>ll</c> 257, <c>hell</c> 258, <c>hello</c> 259,
    /// <c>Ġhello</c> 260; added <c>&lt;|bos|&gt;</c> 261, <c>&lt;|im_end|&gt;</c> 262 and, not special,
    /// <c>&lt;tool&gt;</c> 263.
    /// </summary>
    public static JsonObject ByteLevel() => new()
    {
        ["added_tokens"] = new JsonArray(
            Added(261, "<|bos|>", true), Added(262, "<|im_end|>", true), Added(263, "<tool>", false)),
        ["normalizer"] = null,
        ["pre_tokenizer"] = JsonNode.Parse("""{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}"""),
        ["post_processor"] = Template("<|bos|>", 261),
        ["decoder"] = JsonNode.Parse("""{"type":"ByteLevel"}"""),
        ["model"] = Model([.. _byteLetters, "he", "ll", "hell", "hello", "Ġhello"],
            ["h e", "l l", "he ll", "hell o", "Ġ hello"]),
    };

    /// <summary>
    /// SentencePiece-like BPE: <c>&lt;unk&gt;</c> 0, <c>&lt;s&gt;</c> 1, <c>&lt;/s&gt;</c> 2, the bytes 3–258, then
    /// <c>▁</c> 259, <c>a</c> 260, <c>b</c> 261, <c>ab</c> 262, <c>▁ab</c> 263.
    /// </summary>
    public static JsonObject SentencePieceLike() => new()
    {
        ["added_tokens"] = new JsonArray(Added(0, "<unk>", true), Added(1, "<s>", true), Added(2, "</s>", true)),
        ["normalizer"] = JsonNode.Parse("""
            {"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},
             {"type":"Replace","pattern":{"String":" "},"content":"▁"}]}
            """),
        ["pre_tokenizer"] = null,
        ["post_processor"] = Template("<s>", 1),
        ["decoder"] = JsonNode.Parse("""
            {"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},
             {"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}
            """),
        ["model"] = Model(SentencePieces(), ["a b", "▁ ab"], ("unk_token", "<unk>"), ("byte_fallback", true),
            ("fuse_unk", true)),
    };

    /// <summary>The same vocabulary with scores, as GGUF holds it.</summary>
    public static GgufWriter SentencePieceGguf() => new GgufWriter()
        .Add("tokenizer.ggml.model", "llama")
        .Add("tokenizer.ggml.tokens", SentencePieces())
        .Add("tokenizer.ggml.scores", Enumerable.Range(0, 264).Select(id => id < 259 ? 0f : -(263f - id)).ToArray())
        .Add("tokenizer.ggml.token_type",
            Enumerable.Range(0, 264).Select(id => id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1).ToArray());

    /// <summary>The byte-level vocabulary as GGUF holds it.</summary>
    public static GgufWriter ByteLevelGguf(string pre) => new GgufWriter()
        .Add("tokenizer.ggml.model", "gpt2")
        .Add("tokenizer.ggml.pre", pre)
        .Add("tokenizer.ggml.tokens",
            (string[])[.. _byteLetters, "he", "ll", "hell", "hello", "Ġhello", "<|bos|>", "<|im_end|>", "<tool>"])
        .Add("tokenizer.ggml.token_type",
            Enumerable.Range(0, 264).Select(id => id < 261 ? 1 : id < 263 ? 3 : 4).ToArray())
        .Add("tokenizer.ggml.merges", (string[])["h e", "l l", "he ll", "hell o", "Ġ hello"])
        .Add("tokenizer.ggml.bos_token_id", 261u)
        .Add("tokenizer.ggml.eos_token_id", 262u);

    public static Tokenizer Read(JsonObject json, string config = "") =>
        Tokenizers.FromTokenizerJson(Bytes(json), Encoding.UTF8.GetBytes(config));

    public static Tokenizer Read(GgufWriter gguf)
    {
        using var folder = new TemporaryFolder();
        using var file = GgufFile.Open(folder.Write("vocab.gguf", gguf.ToArray()));
        return Tokenizers.FromGguf(file.Metadata);
    }

    public static byte[] Bytes(JsonObject json) => JsonSerializer.SerializeToUtf8Bytes(json);

    public static JsonObject Added(int id, string content, bool special) => new()
    {
        ["id"] = id,
        ["content"] = content,
        ["special"] = special,
    };

    private static JsonObject Model(string[] tokens, string[] merges, params (string Name, JsonNode Value)[] options)
    {
        var model = new JsonObject
        {
            ["type"] = "BPE",
            ["vocab"] = new JsonObject(tokens.Select((token, id) => KeyValuePair.Create(token, (JsonNode?)id))),
            ["merges"] = new JsonArray([.. merges.Select(merge => (JsonNode)merge)]),
        };
        foreach (var (name, value) in options) model[name] = value;
        return model;
    }

    private static JsonObject Template(string token, int id) => new()
    {
        ["type"] = "TemplateProcessing",
        ["single"] = JsonNode.Parse(
            $$"""[ { "SpecialToken": { "id": "{{token}}" } }, { "Sequence": { "id": "A" } } ]"""),
        ["special_tokens"] = JsonNode.Parse($$"""{ "{{token}}": { "id": "{{token}}", "ids": [ {{id}} ] } }"""),
    };

    private static string[] SentencePieces() =>
        ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>"), "▁", "a", "b", "ab", "▁ab"];
}
