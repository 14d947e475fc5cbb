using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Minka.Server.Tests;

/// <summary>
/// Long use leaves nothing behind. <c>MINKA_SOAK_SECONDS</c> makes the mixed load longer: 300 is the proof. The memory
/// of the whole process is measured, so no other test may run beside it.
/// </summary>
[CollectionDefinition(nameof(SoakTests), DisableParallelization = true)]
[Collection(nameof(SoakTests))]
public sealed class SoakTests
{
    private const string Text = "/v1/completions";

    private static readonly TimeSpan _span = TimeSpan.FromSeconds(double.Parse(
        Environment.GetEnvironmentVariable("MINKA_SOAK_SECONDS") ?? "4", CultureInfo.InvariantCulture));

    [Fact]
    public async Task A_thousand_requests_after_each_other_leave_no_block_and_no_memory()
    {
        await using var server = await TinyServer.StartAsync();
        for (var i = 0; i < 200; i++) await AskAsync(server, i);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        for (var i = 0; i < 1000; i++) await AskAsync(server, i);

        await server.SettleAsync();
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 8 << 20);
    }

    [Fact]
    public async Task A_mixed_load_of_clients_good_and_bad_leaves_nothing_behind()
    {
        await using var server = await TinyServer.StartAsync();
        var failures = new List<string>();
        var before = await MeasureAsync(server);
        var start = Stopwatch.GetTimestamp();
        var clients = Enumerable.Range(0, 10).Select(async i =>
        {
            var chance = new Random(i);
            while (Stopwatch.GetElapsedTime(start) < _span)
            {
                var wrong = await ActAsync(server, chance);
                if (wrong is null) continue;
                lock (failures) failures.Add(wrong);
            }
        });

        await Task.WhenAll(clients);

        Assert.Empty(failures);
        await server.SettleAsync();
        Assert.InRange(await MeasureAsync(server) - before, long.MinValue, 24 << 20);
    }

    private static async Task<string?> ActAsync(TinyServer server, Random chance)
    {
        var body = $$"""
            {"prompt":"Tale {{chance.Next(50)}} of","max_tokens":{{chance.Next(1, 60)}},"n":{{chance.Next(1, 4)}},
             "seed":{{chance.Next()}},"temperature":1,"stream":{{(chance.Next(2) == 0 ? "true" : "false")}}}
            """;
        switch (chance.Next(6))
        {
            case 0: await LeaveAsync(server, body, chance); return null;
            case 1: await HalfOpenAsync(server, body, chance); return null;
            case 2: await ReadSlowlyAsync(server, body, chance); return null;
            default:
                using (var response = await server.SendAsync(Text, body))
                {
                    var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                    var isGood = response.StatusCode == HttpStatusCode.OK && text.Contains("finish_reason\":\"");
                    return isGood ? null : $"{(int)response.StatusCode}: {text}";
                }
        }
    }

    /// <summary>Goes away at any moment.</summary>
    private static async Task LeaveAsync(TinyServer server, string body, Random chance)
    {
        using var leaving = new CancellationTokenSource(TimeSpan.FromMilliseconds(chance.Next(1, 60)));
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        try
        {
            using var response = await server.Client.PostAsync(Text, content, leaving.Token);
        }
        catch (OperationCanceledException)
        {
            // As meant.
        }
    }

    /// <summary>Sends a part of a request, or all of it, and goes away without a word.</summary>
    private static async Task HalfOpenAsync(TinyServer server, string body, Random chance)
    {
        using var socket = await ConnectAsync(server);
        var request = Request(body);
        await socket.GetStream().WriteAsync(request.AsMemory(0, chance.Next(request.Length + 1)));
        await Task.Delay(TimeSpan.FromMilliseconds(chance.Next(20)), TimeProvider.System);
        if (chance.Next(2) == 0) socket.Client.LingerState = new LingerOption(true, 0);
    }

    private static async Task ReadSlowlyAsync(TinyServer server, string body, Random chance)
    {
        using var socket = await ConnectAsync(server);
        socket.ReceiveBufferSize = 1024;
        await socket.GetStream().WriteAsync(Request(body));
        var buffer = new byte[64];
        for (var i = 0; i < 20 && await socket.GetStream().ReadAsync(buffer) > 0; i++)
            await Task.Delay(TimeSpan.FromMilliseconds(chance.Next(5)), TimeProvider.System);
    }

    private static async Task<TcpClient> ConnectAsync(TinyServer server)
    {
        var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, server.App.Address.Port);
        return socket;
    }

    private static byte[] Request(string body) => Encoding.UTF8.GetBytes(
        $"POST {Text} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
        + $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    private static async Task AskAsync(TinyServer server, int i) => Assert.Equal(200, (await server.PostAsync(
        Text, $$"""{"prompt":"Number {{i % 40}}","max_tokens":2}""")).Status);

    private static async Task<long> MeasureAsync(TinyServer server)
    {
        for (var i = 0; i < 50; i++) await AskAsync(server, i);
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
