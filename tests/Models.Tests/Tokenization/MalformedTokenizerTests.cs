using System.Text;
using System.Text.Json.Nodes;
using Minka.Models.Tokenization;

namespace Minka.Models.Tests.Tokenization;

/// <summary>Files that contradict themselves are refused with a sentence that says where.</summary>
public sealed class MalformedTokenizerTests
{
    [Theory]
    [InlineData("", "cannot be read as JSON")]
    [InlineData("{", "cannot be read as JSON")]
    [InlineData("[]", "cannot be read as JSON: the file is StartArray")]
    [InlineData("{}", "has no tokens")]
    [InlineData("""{"model":5}""", "the model is no object")]
    [InlineData("""{"model":{"vocab":{"a":"x"}}}""", "token 0 of the vocabulary has no whole number")]
    [InlineData("""{"model":{"vocab":{"a":0,"b":0}}}""", "two tokens of the id 0, 'a' and 'b'")]
    [InlineData("""{"model":{"vocab":{"a":0,"a":1}}}""", "has the token 'a' twice")]
    [InlineData("""{"model":{"vocab":{"a":-1}}}""", "has the id -1")]
    [InlineData("""{"model":{"vocab":{"a":2000000000}}}""", "has the id 2000000000")]
    [InlineData("""{"model":{"vocab":{"a":0},"merges":["a b"]}}""", "Merge 0 of the tokenizer names 'b'")]
    [InlineData("""{"model":{"vocab":{"a":0},"merges":["a"]}}""", "the merge 'a' is not two pieces")]
    [InlineData("""{"model":{"vocab":{"a":0},"merges":[["a"]]}}""", "the right half of a merge")]
    [InlineData("""{"model":{"vocab":{"\ud800":0}}}""", "cannot be read as JSON")]
    [InlineData("""{"model":{"vocab":{"a":0},"unk_token":"?"}}""", "names '?' as its unk_token")]
    [InlineData("""{"model":{"type":"WordPiece","vocab":{"a":0}}}""", "a model of type 'WordPiece'")]
    [InlineData("""{"model":{"vocab":[["a"]]}}""", "a score of the vocabulary")]
    [InlineData("""{"model":{"vocab":{"a":0}}} {}""", "cannot be read as JSON")]
    public void A_file_that_is_no_tokenizer_is_refused(string json, string reason) =>
        AssertRefused(Encoding.UTF8.GetBytes(json), reason);

    [Theory]
    [InlineData("normalizer", """{"type":"Replace","pattern":{"String":""},"content":"x"}""", "the empty string")]
    [InlineData("normalizer", """{"type":7}""", "has Number as 'type'")]
    [InlineData("pre_tokenizer", """{"type":"Split","behavior":"Odd"}""", "the behavior 'Odd'")]
    [InlineData("pre_tokenizer", """{"type":"Split","behavior":"Isolated","pattern":{"Regex":"("}}""", "a sudden end")]
    [InlineData("pre_tokenizer", """{"type":"Metaspace","replacement":"ab"}""", "replaces spaces by 'ab'")]
    [InlineData("pre_tokenizer", """{"type":"UnicodeScripts"}""", "a pre-tokenizer of type 'UnicodeScripts'")]
    [InlineData("decoder", """{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"ByteLevel"}]}""", "' behind")]
    [InlineData("decoder", """{"type":"Strip","content":" ","start":-1}""", "takes off -1")]
    [InlineData("post_processor", """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}}]}""", "'x'")]
    [InlineData("post_processor", """{"type":"RobertaProcessing","cls":["a",99999],"sep":["b",1]}""", "id 99999")]
    [InlineData("added_tokens", """[{"id":0,"content":"new"}]""", "gives the id 0 to 'new' and to another")]
    [InlineData("added_tokens", """[{"id":270,"content":"a b"},{"id":270,"content":"c d"}]""", "gives the id 270")]
    [InlineData("added_tokens", """[{"content":"a b"}]""", "has the id -1")]
    public void A_part_that_makes_no_sense_is_refused_by_name(string field, string value, string reason)
    {
        var json = TinyTokenizers.ByteLevel();
        json[field] = JsonNode.Parse(value);

        AssertRefused(TinyTokenizers.Bytes(json), reason);
    }

    [Fact]
    public void Nesting_without_end_is_refused()
    {
        const string Step = """{"type":"Sequence","normalizers":[""";
        var json = """{"normalizer":""" + string.Concat(Enumerable.Repeat(Step, 100_000));

        AssertRefused(Encoding.UTF8.GetBytes(json), "cannot be read as JSON");
    }

    [Fact]
    public void A_gguf_vocabulary_that_is_not_whole_is_refused()
    {
        Assert.Contains("no tokenizer.ggml.tokens", Refusal(new Loading.Writers.GgufWriter()
            .Add("tokenizer.ggml.model", "llama")), StringComparison.Ordinal);
        Assert.Contains("2 tokens and 1 scores", Refusal(new Loading.Writers.GgufWriter()
            .Add("tokenizer.ggml.model", "llama").Add("tokenizer.ggml.tokens", (string[])["a", "b"])
            .Add("tokenizer.ggml.scores", (float[])[1])), StringComparison.Ordinal);
        Assert.Contains("the token 'a' twice", Refusal(new Loading.Writers.GgufWriter()
            .Add("tokenizer.ggml.model", "gpt2").Add("tokenizer.ggml.pre", "gpt-2")
            .Add("tokenizer.ggml.tokens", (string[])["a", "a"])), StringComparison.Ordinal);
    }

    private static string Refusal(Loading.Writers.GgufWriter gguf) =>
        Assert.Throws<ModelFormatException>(() => TinyTokenizers.Read(gguf)).Message;

    private static void AssertRefused(byte[] json, string reason)
    {
        var refusal = Assert.ThrowsAny<ModelFormatException>(() => Tokenizers.FromTokenizerJson(json));

        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }
}
