using System.Text.Json;
using Minka.Models.Loading;

namespace Minka.Models.Tests.Loading;

public sealed class JsonFaultTests
{
    [Theory]
    [InlineData("", "the input does not contain any JSON tokens, at line 1, byte 1")]
    [InlineData("[1,\n 2,\n x]", "'x' is an invalid start of a value, at line 3, byte 2")]
    [InlineData("{\"a\":1,}", "the JSON object contains a trailing comma at the end which is not supported in this "
        + "mode, at line 1, byte 8")]
    [InlineData("[.]", "'.' is an invalid start of a value, at line 1, byte 2")]
    [InlineData("[[1]", "it ends before all of its objects and lists do, at line 1, byte 5")]
    [InlineData("[[[[1]]]]", "its objects and lists lie too deep in each other, at line 1, byte 4")]
    [InlineData("{\"a\":1,\"a\":2}", "the field 'a' comes twice")]
    public void What_is_wrong_with_a_text_and_where_are_words_for_a_sentence(string text, string words)
    {
        var options = new JsonDocumentOptions { MaxDepth = 3, AllowDuplicateProperties = false };

        Assert.Equal(words, JsonFault.Of(Assert.ThrowsAny<JsonException>(() => JsonDocument.Parse(text, options))));
    }
}
