using Minka.Models.Loading;
using Minka.Models.Loading.HuggingFace;
using Minka.Models.Tests.Loading.Writers;

namespace Minka.Models.Tests.Loading.HuggingFace;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Tensors_are_read_back()
    {
        using var file = Open(new SafetensorsWriter()
            .Add("b", [2, 3], 1, 2, 3, 4, 5, 6).Add("a", "I64", [1], [9, 0, 0, 0, 0, 0, 0, 0])
            .Add("empty", "F16", [0, 4], []).Add("scalar", "BF16", [], [0x80, 0x3F]).ToArray());

        Assert.Equal(["b", "a", "empty", "scalar"], file.Tensors.Keys);
        Assert.Equal(9, BitConverter.ToInt64(file.Tensors["a"].ReadBytes()));
        var matrix = file.Tensors["b"].AsWeight();
        Assert.Equal((2, 3), (matrix.Rows, matrix.Columns));
        Assert.Equal([1, 2, 3, 4, 5, 6], matrix.ReadFloats());
        Assert.Equal((1, 1), (file.Tensors["scalar"].AsWeight().Rows, file.Tensors["scalar"].AsWeight().Columns));
        Assert.Throws<ModelFormatException>(() => file.Tensors["empty"].AsWeight());
        Assert.Throws<UnsupportedModelException>(() => file.Tensors["a"].AsWeight());
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 12)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12)]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 7)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8)]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8)]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""", 0)]
    [InlineData("""{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}}""", 8)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}""", 8)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", 8)]
    [InlineData("""{"a":{"dtype":7,"shape":[2],"data_offsets":[0,8]}}""", 8)]
    [InlineData("""{"a":[]}""", 0)]
    [InlineData("""[]""", 0)]
    [InlineData("""
        {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}
        """, 8)]
    [InlineData("""
        {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}
        """, 8)]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} trailing""", 8)]
    public void An_unsound_header_is_refused(string header, int dataBytes) =>
        Assert.Throws<ModelFormatException>(() => Open(SafetensorsWriter.Raw(header, new byte[dataBytes])));

    [Fact]
    public void Wherever_a_file_ends_early_it_is_said_to_be_cut_short()
    {
        var bytes = new SafetensorsWriter().Add("a", [2, 3], 1, 2, 3, 4, 5, 6).Add("b", [1], 7).ToArray();

        for (var length = 8; length < bytes.Length; length++)
        {
            var e = Assert.Throws<ModelFormatException>(() => Open(bytes[..length]));
            Assert.Contains("cut short", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_header_length_is_not_believed()
    {
        Assert.Throws<ModelFormatException>(() => Open([255, 255, 255, 255, 255, 255, 255, 127, (byte)'{']));
        Assert.Throws<ModelFormatException>(() => Open([1, 225, 245, 5, 0, 0, 0, 0, (byte)'{']));
        Assert.Throws<ModelFormatException>(() => Open([9, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'}']));
        Assert.Throws<ModelFormatException>(() => Open([1, 2, 3]));
    }

    [Fact]
    public void A_number_format_nobody_knows_is_told_apart() => Assert.Throws<UnsupportedModelException>(
        () => Open(new SafetensorsWriter().Add("a", "F3", [1], [0]).ToArray()));

    [Fact]
    public void A_file_that_shrinks_while_it_is_read_is_an_io_error()
    {
        var path = _folder.Write("a.safetensors", new SafetensorsWriter().Add("a", [2], 1, 2).ToArray());
        using var file = SafetensorsFile.Open(path);
        using (var stream = File.Open(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            stream.SetLength(stream.Length - 4);

        Assert.Throws<IOException>(() => file.Tensors["a"].ReadBytes());
    }

    [Fact]
    public void Every_real_file_opens()
    {
        foreach (var path in SharedFiles.Find("*.safetensors"))
        {
            using var file = SafetensorsFile.Open(path);
            Assert.Equal(new FileInfo(path).Length, file.Tensors.Values.Max(tensor => tensor.Offset + tensor.Bytes));
        }
    }

    public void Dispose() => _folder.Dispose();

    private SafetensorsFile Open(byte[] bytes) => SafetensorsFile.Open(_folder.Write("model.safetensors", bytes));
}
