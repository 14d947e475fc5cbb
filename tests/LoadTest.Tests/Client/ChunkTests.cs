using System.Text;
using Minka.LoadTest.Client;

namespace Minka.LoadTest.Tests.Client;

/// <summary>What counts as output, as an end, as an error.</summary>
public sealed class ChunkTests
{
    [Theory]
    [InlineData("""{"choices":[{"text":"a","finish_reason":null}]}""", true, false)]
    [InlineData("""{"choices":[{"text":"","finish_reason":null}]}""", true, false)]
    [InlineData("""{"choices":[{"text":"","finish_reason":"stop"}]}""", false, true)]
    [InlineData("""{"choices":[{"text":"a","finish_reason":"stop"}]}""", true, true)]
    [InlineData("""{"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]}""", false, false)]
    [InlineData("""{"choices":[{"delta":{"role":"assistant","content":"a"},"finish_reason":null}]}""", true, false)]
    [InlineData("""{"choices":[{"delta":{"content":""},"finish_reason":null}]}""", true, false)]
    [InlineData("""{"choices":[{"delta":{"content":null},"finish_reason":null}]}""", false, false)]
    [InlineData("""{"choices":[{"delta":{},"finish_reason":"length"}]}""", false, true)]
    [InlineData("""{"choices":[{"delta":{"reasoning_content":"hm"}}]}""", true, false)]
    [InlineData("""{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}""", true, false)]
    [InlineData("""{"error":null,"choices":[{"text":"a"}]}""", true, false)]
    public void A_token_is_text_reasoning_or_a_call(string json, bool hasOutput, bool isFinished)
    {
        var chunk = Chunk.Parse(Encoding.UTF8.GetBytes(json));

        Assert.Equal((hasOutput, isFinished), (chunk.HasOutput, chunk.IsFinished));
    }

    [Fact]
    public void Usage_is_read_where_it_stands()
    {
        var chunk = Chunk.Parse("""{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}"""u8.ToArray());

        Assert.Equal(new Chunk(false, false, 7, 3), chunk);
    }

    [Theory]
    [InlineData("{\"error\":{\"message\":\"lost\",\"code\":\"worker_lost\"}}", FailureKind.ErrorEvent, "lost")]
    [InlineData("{\"error\":\"boom\"}", FailureKind.ErrorEvent, "boom")]
    [InlineData("not json", FailureKind.BadEvent, "not json")]
    [InlineData("[1,2]", FailureKind.BadEvent, "no chunk")]
    [InlineData("{}", FailureKind.BadEvent, "without choices")]
    [InlineData("{\"choices\":[7]}", FailureKind.BadEvent, "no chunk")]
    public void What_is_no_chunk_says_so(string json, FailureKind kind, string part)
    {
        var fault = Assert.Throws<StreamFaultException>(() => Chunk.Parse(Encoding.UTF8.GetBytes(json)));

        Assert.Equal(kind, fault.Kind);
        Assert.Contains(part, fault.Message, StringComparison.Ordinal);
    }
}
