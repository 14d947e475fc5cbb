using System.Text;
using Minka.Models.Loading.Dllama;
using Minka.Models.Tests.Loading.Writers;

namespace Minka.Models.Tests.Loading.Dllama;

public sealed class DllamaTokenizerFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_tokenizer_is_read_back()
    {
        var tokenizer = Open(Sample().ToArray());

        Assert.Equal(
            ["a", "b", "ab", "<s>", "</s>"], tokenizer.Pieces.Select(p => Encoding.UTF8.GetString(p.Bytes.Span)));
        Assert.Equal([0f, -1f, -2f, 0f, 0f], tokenizer.Pieces.Select(p => p.Score));
        Assert.Equal(3, tokenizer.BosId);
        Assert.Equal([4, 3], tokenizer.EosIds);
        Assert.Equal("{{ x }}", tokenizer.ChatTemplate);
        Assert.False(tokenizer.AddBos);
    }

    [Fact]
    public void An_old_tokenizer_is_read_back()
    {
        var tokenizer = Open(Sample().ToOldArray());

        Assert.Equal(5, tokenizer.Pieces.Count);
        Assert.Equal((3, true), (tokenizer.BosId, tokenizer.AddBos));
        Assert.Equal([4], tokenizer.EosIds);
        Assert.Null(tokenizer.ChatTemplate);
    }

    [Fact]
    public void Without_the_flag_a_prompt_begins_with_bos() =>
        Assert.True(Open(new DllamaTokenizerWriter { AddBos = null }.Add("a", 0).ToArray()).AddBos);

    [Fact]
    public void Every_cut_is_refused()
    {
        var bytes = Sample().ToArray();

        for (var length = 1; length < bytes.Length; length++)
            Assert.Throws<ModelFormatException>(() => Open(bytes[..length]));
        Assert.Throws<ModelFormatException>(() => Open([.. bytes, 0]));
    }

    [Theory, InlineData(-1), InlineData(1)]
    public void A_bos_outside_of_the_vocabulary_is_refused(int bos) => Assert.Throws<ModelFormatException>(
        () => Open(new DllamaTokenizerWriter { BosId = bos }.Add("a", 0).ToArray()));

    [Fact]
    public void An_eos_outside_of_the_vocabulary_is_refused() => Assert.Throws<ModelFormatException>(
        () => Open(new DllamaTokenizerWriter { EosIds = [1] }.Add("a", 0).ToArray()));

    [Fact]
    public void A_template_that_is_no_text_is_refused()
    {
        var bytes = Sample().ToArray();
        bytes[bytes.AsSpan().IndexOf("{{"u8)] = 0xFF;

        var e = Assert.Throws<ModelFormatException>(() => Open(bytes));
        Assert.Contains("UTF-8", e.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static DllamaTokenizerWriter Sample() =>
        new DllamaTokenizerWriter { BosId = 3, EosIds = [4, 3], Template = "{{ x }}", AddBos = false }
            .Add("a", 0).Add("b", -1).Add("ab", -2).Add("<s>", 0).Add("</s>", 0);

    private DllamaTokenizerFile Open(byte[] bytes) => DllamaTokenizerFile.Open(_folder.Write("tokenizer.t", bytes));
}
