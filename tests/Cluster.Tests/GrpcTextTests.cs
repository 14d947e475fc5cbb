using Minka.Cluster.Protocol.Framing;

namespace Minka.Cluster.Tests;

public sealed class GrpcTextTests
{
    [Theory]
    [InlineData("plain text, with signs!", "plain text, with signs!")]
    [InlineData("100 %", "100 %25")]
    [InlineData("ü\n", "%C3%BC%0A")]
    public void Messages_are_percent_encoded_and_back(string message, string encoded)
    {
        Assert.Equal(encoded, GrpcText.Encode(message));
        Assert.Equal(message, GrpcText.Decode(encoded));
    }

    [Theory]
    [InlineData("50 %", "50 %")]
    [InlineData("%zz%4", "%zz%4")]
    public void What_is_not_encoded_stays(string text, string message) => Assert.Equal(message, GrpcText.Decode(text));

    [Theory]
    [InlineData("5S", 5000)]
    [InlineData("1500m", 1500)]
    [InlineData("2000000u", 2000)]
    [InlineData("1H", 3_600_000)]
    [InlineData("3M", 180_000)]
    public void Timeouts_are_read(string text, double milliseconds) =>
        Assert.Equal(milliseconds, GrpcText.ParseTimeout(text)!.Value.TotalMilliseconds);

    [Theory]
    [InlineData("")]
    [InlineData("S")]
    [InlineData("-1S")]
    [InlineData("123456789S")]
    [InlineData("5s")]
    public void What_is_no_timeout_is_none(string text) => Assert.Null(GrpcText.ParseTimeout(text));

    [Theory]
    [InlineData(0.000001, "1u")]
    [InlineData(1, "1000000u")]
    [InlineData(3600, "3600000m")]
    [InlineData(1e6, "1000000S")]
    public void Timeouts_are_written_with_at_most_eight_digits(double seconds, string text) =>
        Assert.Equal(text, GrpcText.FormatTimeout(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData("application/grpc", true)]
    [InlineData("application/grpc+proto", true)]
    [InlineData("application/grpc;charset=utf-8", true)]
    [InlineData("application/grpc-web", false)]
    [InlineData("application/json", false)]
    [InlineData(null, false)]
    public void Content_types_are_told_apart(string? type, bool isGrpc) =>
        Assert.Equal(isGrpc, GrpcText.IsGrpc(type));
}
