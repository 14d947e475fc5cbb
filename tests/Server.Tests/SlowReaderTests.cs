using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Minka.Server.Tests;

/// <summary>Readers that stop reading: their sequences pause, others go on, and in the end they lose their
/// request.</summary>
public sealed class SlowReaderTests
{
    /// <summary>More than any socket holds: sixteen long texts, each token with twenty others.</summary>
    private const string Flood = """
        {"prompt":"Once upon","max_tokens":900,"ignore_eos":true,"stream":true,"n":8,"temperature":1,"seed":1,
         "logprobs":20}
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reader_that_stands_still_loses_its_request_and_its_blocks()
    {
        await using var server = await StartAsync(TimeSpan.FromMilliseconds(100));
        using var reader = await AskAsync(server);

        await UntilAsync(server, counters => counters is { Running: 0, Waiting: 0, UsedBlocks: 0 });

        Assert.InRange(server.Model.Engine.Counters.GeneratedTokens, 1, 8 * 900 - 1);
        Assert.Equal(200, (await server.PostAsync("/v1/completions", """{"prompt":"a","max_tokens":2}""")).Status);
        // The stream was cut, and not ended as if it were whole.
        Assert.DoesNotContain("[DONE]", await ReadAsync(reader), StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_a_reader_stands_still_others_are_answered_and_in_the_end_it_gets_everything()
    {
        await using var server = await StartAsync(TimeSpan.FromMinutes(5));
        using var reader = await AskAsync(server);
        var counters = server.Model.Engine.Counters;
        // Standing still: two answers of others went by, and it had not one token more.
        long before;
        do
        {
            before = counters.GeneratedTokens;
            for (var i = 0; i < 2; i++)
                Assert.Equal(
                    200, (await server.PostAsync("/v1/completions", """{"prompt":"a","max_tokens":1}""")).Status);
        }
        while (counters.GeneratedTokens > before + 2);

        var text = await ReadAsync(reader);

        Assert.True(before < 8 * 900, $"{before} tokens were made: nothing paused.");
        Assert.Contains("data: [DONE]", text, StringComparison.Ordinal);
        Assert.Equal(8, text.Split("\"finish_reason\":\"length\"").Length - 1);
    }

    private static async Task<string> ReadAsync(TcpClient reader)
    {
        // A connection that the server has cut may end in an error.
        var text = new StringBuilder();
        var buffer = new byte[1 << 16];
        try
        {
            while (await reader.GetStream().ReadAsync(buffer, Cancellation) is var read and > 0)
                text.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }
        catch (IOException)
        {
        }
        return text.ToString();
    }

    /// <summary>Asks and does not read.</summary>
    private static async Task<TcpClient> AskAsync(TinyServer server)
    {
        var socket = new TcpClient { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, server.App.Address.Port, Cancellation);
        await socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes(
            "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            + "Content-Type: application/json\r\n"
            + $"Content-Length: {Encoding.UTF8.GetByteCount(Flood)}\r\n\r\n{Flood}"), Cancellation);
        // Not that it holds a block: it may have lost its request already.
        await UntilAsync(server, counters => counters.GeneratedTokens > 0);
        return socket;
    }

    private static Task UntilAsync(TinyServer server, Func<Minka.Engine.EngineCounters, bool> holds) =>
        TinyServer.UntilAsync(() => holds(server.Model.Engine.Counters));

    private static async Task<TinyServer> StartAsync(TimeSpan slowReaderLimit)
    {
        var server = new TinyServer(
            new ServerOptions(), TinyServer.Usual with { SequencesMax = 9 }, slowReaderLimit: slowReaderLimit);
        await server.InitializeAsync();
        return server;
    }
}
