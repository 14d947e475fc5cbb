using Minka.Models.Loading.Gguf;
using Minka.Models.Tests.Loading.Writers;

namespace Minka.Models.Tests.Loading.Gguf;

public sealed class GgufMetadataTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Every_kind_of_value_is_read_back()
    {
        using var file = Open(new GgufWriter()
            .Add("u8", (byte)200).Add("i8", (sbyte)-3).Add("u16", (ushort)65535).Add("i16", (short)-4)
            .Add("u32", uint.MaxValue).Add("i32", -5)
            .Add("u64", (ulong)7).Add("huge", ulong.MaxValue).Add("i64", long.MinValue)
            .Add("f32", 0.5f).Add("f64", 0.1).Add("yes", true).Add("no", false).Add("text", "naïve 🦙"));

        Assert.Equal(200, Integer(file, "u8"));
        Assert.Equal(-3, Integer(file, "i8"));
        Assert.Equal(65535, Integer(file, "u16"));
        Assert.Equal(-4, Integer(file, "i16"));
        Assert.Equal(uint.MaxValue, Integer(file, "u32"));
        Assert.Equal(-5, Integer(file, "i32"));
        Assert.Equal(7, Integer(file, "u64"));
        Assert.Equal(long.MaxValue, Integer(file, "huge"));
        Assert.Equal(long.MinValue, Integer(file, "i64"));
        Assert.True(file.Metadata.TryGetFloat("f32", out var single) && single == 0.5);
        Assert.True(file.Metadata.TryGetFloat("f64", out var real) && real == 0.1);
        Assert.True(file.Metadata.TryGetBool("yes", out var yes) && yes);
        Assert.True(file.Metadata.TryGetBool("no", out var no) && !no);
        Assert.True(file.Metadata.TryGetString("text", out var text));
        Assert.Equal("naïve 🦙", text);
    }

    [Fact]
    public void A_value_of_another_kind_is_not_there()
    {
        using var file = Open(new GgufWriter().Add("text", "7").Add("list", new[] { 1 }));

        Assert.False(file.Metadata.TryGetInteger("text", out _));
        Assert.False(file.Metadata.TryGetString("list", out _));
        Assert.False(file.Metadata.TryGetBool("absent", out _));
        Assert.Null(file.Metadata.Strings("list"));
        Assert.Null(file.Metadata.Integers("text"));
    }

    [Fact]
    public void Arrays_are_read_when_asked_for()
    {
        using var file = Open(new GgufWriter()
            .Add("tokens", new[] { "<s>", "", "né" }).Add("types", new[] { 1, 3, -6 })
            .Add("scores", new[] { 0f, -1.5f })
            .Add("nested", new object[] { new[] { 1 }, new[] { 2, 3 } }).Add("after", "still aligned"));

        Assert.Equal(["<s>", "", "né"], file.Metadata.Strings("tokens")!);
        Assert.Equal([1, 3, -6], file.Metadata.Integers("types")!);
        Assert.Equal([0f, -1.5f], file.Metadata.Floats("scores")!);
        Assert.Equal([1f, 3f, -6f], file.Metadata.Floats("types")!);
        Assert.True(file.Metadata.TryGetString("after", out var after) && after == "still aligned");
    }

    [Fact]
    public void Entries_keep_the_order_and_summarise_arrays()
    {
        using var file = Open(new GgufWriter().Add("b", 1).Add("a", new[] { "x", "y" }).Add("c", true));

        Assert.Equal(["b = 1", "a = string[2]", "c = True"], file.Metadata.Entries.Select(e => $"{e.Key} = {e.Value}"));
    }

    [Fact]
    public void Every_real_vocabulary_opens_with_one_token_type_per_token()
    {
        foreach (var path in SharedFiles.Find("*.gguf"))
        {
            using var file = GgufFile.Open(path);

            var tokens = file.Metadata.Strings("tokenizer.ggml.tokens");
            Assert.True(tokens is { Length: > 0 }, path);
            Assert.Equal(tokens.Length, file.Metadata.Integers("tokenizer.ggml.token_type")?.Length);
        }
    }

    public void Dispose() => _folder.Dispose();

    private GgufFile Open(GgufWriter writer) => GgufFile.Open(_folder.Write("model.gguf", writer.ToArray()));

    private static long Integer(GgufFile file, string key)
    {
        Assert.True(file.Metadata.TryGetInteger(key, out var value), key);
        return value;
    }
}
