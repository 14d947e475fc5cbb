using Minka.Models.Loading.Gguf;
using Minka.Models.Tests.Loading.Writers;

namespace Minka.Models.Tests.Loading.Gguf;

public sealed class GgufSplitTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void Any_part_opens_the_whole(int opened)
    {
        for (var part = 1; part <= 3; part++) Write(part, Part(part));

        using var file = GgufFile.Open(NameOf(opened));

        Assert.Equal(["t1", "t2", "t3"], file.Stored.Select(t => t.Name));
        Assert.True(file.TryFind("t3", out var third));
        var bytes = new byte[4];
        third.ReadRows(0, 1, bytes);
        Assert.Equal(3f, BitConverter.ToSingle(bytes));
        Assert.True(file.Metadata.TryGetInteger("part", out var part1) && part1 == 1);
    }

    [Fact]
    public void A_missing_part_is_named()
    {
        Write(1, Part(1));
        Write(3, Part(3));

        Refused(NameOf(1), "00002-of-00003.gguf");
    }

    [Fact]
    public void A_part_of_another_place_is_refused()
    {
        Write(1, Part(1));
        Write(2, Part(3));
        Write(3, Part(3));

        Refused(NameOf(1), "different models");
    }

    [Fact]
    public void A_tensor_in_two_parts_is_refused()
    {
        Write(1, Part(1));
        Write(2, Part(2).AddTensor("t1", [1], 1));
        Write(3, Part(3));

        Refused(NameOf(1), "4 tensors");
    }

    [Theory, InlineData(0), InlineData(-1), InlineData(70_000)]
    public void An_impossible_count_is_refused(int count) =>
        Refused(_folder.Write("a.gguf", new GgufWriter().Add("split.count", count).ToArray()), "parts");

    [Fact]
    public void A_part_under_another_name_is_refused() =>
        Refused(_folder.Write("a.gguf", Part(1).ToArray()), "-00001-of-00003.gguf");

    public void Dispose() => _folder.Dispose();

    private static GgufWriter Part(int number) => new GgufWriter()
        .Add("split.no", (ushort)(number - 1)).Add("split.count", (ushort)3).Add("split.tensors.count", 3)
        .Add("part", number).AddTensor($"t{number}", [1], number);

    private string NameOf(int part) => Path.Combine(_folder.Path, $"model-{part:D5}-of-00003.gguf");

    private void Write(int part, GgufWriter writer) => _folder.Write(Path.GetFileName(NameOf(part)), writer.ToArray());

    private static void Refused(string path, string because)
    {
        var e = Assert.Throws<ModelFormatException>(() => GgufFile.Open(path));
        Assert.Contains(because, e.Message, StringComparison.Ordinal);
    }
}
