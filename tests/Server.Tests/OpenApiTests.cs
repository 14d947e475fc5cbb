using System.Text.Json.Nodes;

namespace Minka.Server.Tests;

/// <summary>The routes as a document for programs.</summary>
public sealed class OpenApiTests(TinyServer server)
{
    [Fact]
    public async Task Every_route_says_what_it_is_for_and_what_its_body_looks_like()
    {
        var document = await ReadAsync();
        var schemas = document["components"]!["schemas"]!.AsObject();
        foreach (var (path, operations) in document["paths"]!.AsObject())
        {
            foreach (var (method, operation) in operations!.AsObject())
            {
                Assert.False(string.IsNullOrEmpty((string?)operation!["summary"]), $"{method} {path} has no summary.");
                var body = (string?)operation["requestBody"]?["content"]?["application/json"]?["schema"]?["$ref"];
                var takesOne = method == "post" && !path.EndsWith("/cancel", StringComparison.Ordinal);
                Assert.True(takesOne == body is not null, $"{method} {path} refers to '{body}'.");
                if (body is not null) Assert.True(schemas.ContainsKey(body["#/components/schemas/".Length..]), body);
            }
        }
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/completions")]
    [InlineData("/v1/embeddings")]
    [InlineData("/v1/models/{id}")]
    [InlineData("/v1/responses/{id}")]
    [InlineData("/v1/messages")]
    [InlineData("/api/chat")]
    [InlineData("/api/embeddings")]
    [InlineData("/metrics")]
    public async Task Routes_of_every_dialect_are_in_it(string path) =>
        Assert.True((await ReadAsync())["paths"]!.AsObject().ContainsKey(path));

    private async Task<JsonNode> ReadAsync() => JsonNode.Parse(
        await server.Client.GetStringAsync("/openapi.json", TestContext.Current.CancellationToken))!;
}
