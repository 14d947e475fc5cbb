using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Minka.Server.Tests.OpenAi;

public sealed class EmbeddingsTests(TinyServer server)
{
    private const string Path = "/v1/embeddings";

    [Fact]
    public async Task A_vector_has_the_length_one_and_the_width_of_the_model()
    {
        var (status, answer) = await server.PostAsync(Path, """{"model":"minka-tiny","input":"A river."}""");

        Assert.Equal(200, status);
        var vector = Floats(answer["data"]![0]!);
        Assert.Equal(256, vector.Length);
        Assert.Equal(1.0, vector.Sum(value => value * (double)value), 1e-5);
        Assert.Equal((int)answer["usage"]!["prompt_tokens"]!, (int)answer["usage"]!["total_tokens"]!);
    }

    [Fact]
    public async Task Nothing_is_kept_of_a_text()
    {
        await using var own = await TinyServer.StartAsync();

        await own.PostAsync(Path, """{"input":["A river.","Twelve"]}""");

        await own.SettleAsync();
    }

    [Fact]
    public async Task Base64_holds_the_same_numbers_as_little_endian_floats()
    {
        const string input = "\"input\":[\"A river.\",\"Twelve\"]";
        var (_, plain) = await server.PostAsync(Path, $$"""{{{input}},"encoding_format":"float"}""");
        var (_, packed) = await server.PostAsync(Path, $$"""{{{input}},"encoding_format":"base64"}""");

        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(i, (int)packed["data"]![i]!["index"]!);
            var bytes = Convert.FromBase64String((string)packed["data"]![i]!["embedding"]!);
            Assert.Equal(Floats(plain["data"]![i]!), MemoryMarshal.Cast<byte, float>(bytes).ToArray());
        }
    }

    [Fact]
    public async Task Texts_alike_are_nearer_than_texts_of_something_else()
    {
        var (_, answer) = await server.PostAsync(Path, """
            {"input":["What is the capital of Peru?","What is the capital of Chile?","Once upon a time a fox"]}
            """);
        var vectors = answer["data"]!.AsArray().Select(entry => Floats(entry!)).ToList();

        Assert.True(Product(vectors[0], vectors[1]) > Product(vectors[0], vectors[2]));
    }

    [Fact]
    public async Task Fewer_dimensions_are_normalised_again()
    {
        var (_, answer) = await server.PostAsync(Path, """{"input":[[5,9,2]],"dimensions":16}""");

        var vector = Floats(answer["data"]![0]!);
        Assert.Equal(16, vector.Length);
        Assert.Equal(1.0, Product(vector, vector), 1e-5);
        Assert.Equal(3, (int)answer["usage"]!["prompt_tokens"]!);
    }

    [Theory]
    [InlineData("{}", "input")]
    [InlineData("""{"input":""}""", "input")]
    [InlineData("""{"input":[]}""", "input")]
    [InlineData("""{"input":[5000]}""", "input")]
    [InlineData("""{"input":"a","dimensions":257}""", "dimensions")]
    [InlineData("""{"input":"a","encoding_format":"int8"}""", "encoding_format")]
    public async Task What_makes_no_sense_is_named(string json, string parameter)
    {
        var (status, body) = await server.PostAsync(Path, json);

        Assert.Equal((400, parameter), (status, (string?)body["error"]!["param"]));
    }

    private static float[] Floats(JsonNode entry) =>
        [.. entry["embedding"]!.AsArray().Select(value => (float)value!)];

    private static double Product(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum();
}
