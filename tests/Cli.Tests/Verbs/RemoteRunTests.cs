using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using static Minka.Cli.Tests.TestTerminal;

namespace Minka.Cli.Tests.Verbs;

/// <summary>Servers that are not what they should be, asked with <c>--server</c>.</summary>
public sealed class RemoteRunTests
{
    private const string Hello = """data: {"model":"big","choices":[{"delta":{"content":"Hello"}}]}""";

    [Theory]
    [InlineData("broke off: its stream ended before the answer did.", Hello)]
    [InlineData("broke off: The engine failed.", Hello, """data: {"error":{"message":"The engine failed."}}""")]
    [InlineData("does not answer as OpenAI's server does: ", Hello, "data: {\"choices\":")]
    [InlineData("does not answer as OpenAI's server does: ", "data: {\"answer\":42}")]
    [InlineData("does not answer as OpenAI's server does: ", """data: {"choices":[5]}""")]
    [InlineData("does not answer as OpenAI's server does: ",
        """data: {"choices":[],"usage":{"prompt_tokens":1e30,"completion_tokens":1}}""")]
    public async Task What_is_no_answer_is_said_in_one_sentence(string said, params string[] lines)
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        var url = Start(server, lines);

        var (code, _, error) = await MinkaAsync(["run", "--server", url, "Hi"]);

        Assert.Equal(1, code);
        Assert.StartsWith($"minka: {url}/ {said}", error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(letter => letter == '\n'));
    }

    [Fact]
    public async Task A_reader_that_goes_away_ends_it_quietly()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        var url = Start(server, [Hello, "data: [DONE]"]);

        using var process = ChildProcess.StartBash(
            "-c", $"$MINKA run --server {url} Hi | true; exit ${{PIPESTATUS[0]}}");

        Assert.Equal((0, "", ""), await process.EndAsync());
    }

    [Theory]
    [InlineData("stop", """data: {"choices":[{"delta":{},"finish_reason":"stop"}]}""")]
    [InlineData("interrupted", "data: [DONE]")]
    public async Task An_answer_names_the_model_that_the_server_names(string finish, string end)
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        var url = Start(server, [Hello, end]);

        var (code, output, error) = await MinkaAsync(["run", "--server", url, "Hi", "--json"]);

        using var json = JsonDocument.Parse(output);
        Assert.Equal((0, ""), (code, error));
        Assert.Equal(("big", "Hello", finish), (json.RootElement.GetProperty("model").GetString(),
            json.RootElement.GetProperty("text").GetString(),
            json.RootElement.GetProperty("finish_reason").GetString()));
    }

    /// <summary>Answers one request with events, and closes.</summary>
    private static string Start(TcpListener server, string[] lines)
    {
        server.Start();
        _ = ServeAsync();
        return $"http://{server.LocalEndpoint}";

        async Task ServeAsync()
        {
            using var client = await server.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
            var stream = client.GetStream();
            using var reader = new StreamReader(stream, leaveOpen: true);
            var length = 0;
            while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { Length: > 0 } header)
                if (header.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase))
                    length = int.Parse(header["Content-Length: ".Length..], null);
            await reader.ReadBlockAsync(new char[length], TestContext.Current.CancellationToken);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
                + string.Concat(lines.Select(line => line + "\n\n"))), TestContext.Current.CancellationToken);
        }
    }
}
