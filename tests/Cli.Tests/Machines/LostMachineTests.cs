using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using static Minka.Cli.Tests.TestTerminal;

namespace Minka.Cli.Tests.Machines;

/// <summary>Real processes that are killed, and strangers at the door.</summary>
public sealed class LostMachineTests : IAsyncLifetime
{
    // More than all buffers between the server and a client that reads one line: it cannot be over before it is read.
    private const string Endless = """
        {"messages":[{"role":"user","content":"Tell me a story."}],"stream":true,"ignore_eos":true,"max_tokens":100000,
         "n":16,"logprobs":true,"top_logprobs":20}
        """;

    private const string Long = """
        {"messages":[{"role":"user","content":"Tell me a story."}],"stream":true,"ignore_eos":true,"max_tokens":480,
         "n":16,"logprobs":true,"top_logprobs":20,"temperature":0.8,"top_k":40,"seed":7}
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("minka").FullName;
    private readonly MinkaProcess[] _workers = new MinkaProcess[2];
    private readonly string[] _addresses = new string[2];
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    private string All => string.Join(',', _addresses);

    public async ValueTask InitializeAsync()
    {
        // Not ports that the system gives away: one of these is free for a while and must be free after it.
        foreach (var (i, port) in LaunchTests.FreePorts(2).Index()) await StartWorkerAsync(i, port);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers) await worker.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_root_that_is_killed_in_the_middle_of_an_answer_leaves_workers_for_the_next()
    {
        var (root, client) = await ServeAsync();
        await using var _ = root;
        using var __ = client;
        using var answer = await AskAsync(client, Endless);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(_cancellation));
        Assert.StartsWith("data: ", await reader.ReadLineAsync(_cancellation), StringComparison.Ordinal);

        await root.KillAsync();
        foreach (var worker in _workers) await worker.LineAsync("Waiting for the next root.");

        Assert.Equal((0, "12 + 30 = 42.\n", ""), await MinkaAsync(["run", "--workers", All, "What is 12 + 30?"]));
    }

    [Fact]
    public async Task A_worker_that_is_killed_and_comes_back_costs_what_runs_no_token()
    {
        var (root, client) = await ServeAsync();
        await using var _ = root;
        using var __ = client;
        var expected = await StreamedChoices.ReadAsync(await AskAsync(client, Long), "", _cancellation);
        using var answer = await AskAsync(client, Long);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(_cancellation));
        var first = await reader.ReadLineAsync(_cancellation);

        await _workers[1].KillAsync();
        var reading = StreamedChoices.ReadAsync(reader, first!, _cancellation);
        var lost = await root.LineAsync("'minka-tiny': Rank ");
        await root.LineAsync($"The cluster cannot be started: Worker {_addresses[1]}: ");
        using var refused = await AskAsync(client, """{"messages":[{"role":"user","content":"Hello!"}]}""");
        using var ready = await client.GetAsync("/ready", _cancellation);
        var fault = JsonNode.Parse(await refused.Content.ReadAsStringAsync(_cancellation))!["error"]!;
        await StartWorkerAsync(1, int.Parse(_addresses[1].Split(':')[1], null));
        await root.LineAsync("what ran goes on.");
        var actual = await reading;

        Assert.EndsWith("What runs waits up to 60 s for the cluster to come back.", lost, StringComparison.Ordinal);
        Assert.Equal((503, 503), ((int)refused.StatusCode, (int)ready.StatusCode));
        Assert.Equal("model_recovering", (string?)fault["code"]);
        // More than sockets hold for a reader that does not read: the worker was killed before the last token was made.
        Assert.InRange(expected.Letters, 11 << 20, int.MaxValue);
        Assert.Equal(expected.Texts, actual.Texts);
        Assert.Equal(expected.Tokens, actual.Tokens);
        Assert.All(actual.Finishes, finish => Assert.Equal("length", finish));
        Assert.Equal(0, await root.EndAsync("TERM"));
    }

    [Fact]
    public async Task A_worker_that_stays_away_fails_what_runs_and_is_used_again_when_it_is_back()
    {
        var (root, client) = await ServeAsync("--recover-within", "1");
        await using var _ = root;
        using var __ = client;
        using var answer = await AskAsync(client, Endless);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(_cancellation));
        Assert.StartsWith("data: ", await reader.ReadLineAsync(_cancellation), StringComparison.Ordinal);

        await _workers[1].KillAsync();
        var rest = await reader.ReadToEndAsync(_cancellation);
        var lost = await root.LineAsync("'minka-tiny' failed: Rank ");
        await root.LineAsync($"'minka-tiny' cannot be loaded: Worker {_addresses[1]}: ");
        using var refused = await AskAsync(client, """{"messages":[{"role":"user","content":"Hello!"}]}""");
        using var ready = await client.GetAsync("/ready", _cancellation);
        using var health = await client.GetAsync("/health", _cancellation);
        var fault = JsonNode.Parse(await refused.Content.ReadAsStringAsync(_cancellation))!["error"]!;

        Assert.Contains("\"code\":\"engine_failed\"", rest, StringComparison.Ordinal);
        Assert.EndsWith("data: [DONE]\n\n", rest, StringComparison.Ordinal);
        // Why it cannot be started follows where that was known within the second.
        Assert.Matches(@" The cluster did not come back within 1 s(\.|: Worker .*\?) It is loaded again\.$", lost);
        Assert.Equal((503, 503, 200), ((int)refused.StatusCode, (int)ready.StatusCode, (int)health.StatusCode));
        Assert.Equal("model_failed", (string?)fault["code"]);
        Assert.NotNull(refused.Headers.RetryAfter);

        await StartWorkerAsync(1, int.Parse(_addresses[1].Split(':')[1], null));
        await root.LineAsync("'minka-tiny' answers again.");
        using var again = await AskAsync(
            client, """{"messages":[{"role":"user","content":"What is 12 + 30?"}]}""");

        Assert.Contains(
            "12 + 30 = 42.", await again.Content.ReadAsStringAsync(_cancellation), StringComparison.Ordinal);
        Assert.Equal(0, await root.EndAsync("TERM"));
    }

    [Fact]
    public async Task A_chat_waits_for_a_worker_that_is_killed_and_goes_on_when_it_is_back()
    {
        await using var chat = MinkaProcess.Start("chat", "--workers", All, "--report");
        await chat.Input.WriteLineAsync("What is 12 + 30?");
        await chat.LineAsync("12 + 30 = 42.");

        await _workers[1].KillAsync();
        await chat.Input.WriteLineAsync("What is 2 + 2?");
        var lost = await chat.LineAsync("'minka-tiny': Rank ");
        await StartWorkerAsync(1, int.Parse(_addresses[1].Split(':')[1], null));
        await chat.LineAsync("what ran goes on.");

        Assert.Equal("2 + 2 = 4.", await chat.LineAsync("2 + 2"));
        Assert.EndsWith("What runs waits up to 60 s for the cluster to come back.", lost, StringComparison.Ordinal);
        Assert.Equal(0, await chat.EndAsync());
        Assert.Equal(
            "recovered   once; steps are those of the whole run, what follows is since the last start",
            await chat.LineAsync("recovered"));
    }

    [Fact]
    public async Task An_answer_ends_with_one_sentence_when_a_worker_stays_away()
    {
        using var run = ChildProcess.StartMinka(
            "run", LongContextModel.Write(_folder), "--raw", "Once upon a time", "--ignore-eos", "-c", "0",
            "--workers", All, "--recover-within", "1");
        Assert.Equal(4, (await run.LettersAsync(4)).Length);

        await _workers[1].KillAsync();
        var (_, error) = (await run.RestAsync(), await run.ErrorAsync());
        await run.ExitAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("What runs waits up to 1 s for the cluster to come back.", error, StringComparison.Ordinal);
        Assert.Matches(
            @"minka: Rank [0-9] is lost: .* The cluster did not come back within 1 s(\.|: Worker .*\?)\n$", error);
    }

    [Fact]
    public async Task Strangers_garbage_and_half_open_connections_do_not_stop_a_worker_that_answers()
    {
        var random = new Random(5);
        var sockets = new List<Socket>();
        try
        {
            for (var i = 0; i < 40; i++)
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                sockets.Add(socket);
                await socket.ConnectAsync("127.0.0.1", int.Parse(_addresses[i % 2].Split(':')[1], null), _cancellation);
                // Nothing; a greeting that stops in the middle; HTTP of another time; bytes.
                byte[] said = (i % 4) switch
                {
                    0 => [],
                    1 => Encoding.ASCII.GetBytes("PRI * HTTP/2.0\r\n\r\nSM"),
                    2 => Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: here\r\nContent-Length: 99999999999\r\n\r\n"),
                    _ => new byte[random.Next(1, 9000)],
                };
                if (i % 4 == 3) random.NextBytes(said);
                if (said.Length > 0) await socket.SendAsync(said, _cancellation);
                if (i % 8 == 7) socket.Close(0);
            }

            Assert.Equal((0, "12 + 30 = 42.\n", ""), await MinkaAsync(["run", "--workers", All, "What is 12 + 30?"]));
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
        foreach (var worker in _workers) Assert.Equal(0, await worker.EndAsync("TERM"));
    }

    private Task<(MinkaProcess Server, HttpClient Client)> ServeAsync(params string[] args) =>
        MinkaProcess.ServeAsync(["minka-tiny", "--workers", All, .. args]);

    private async Task StartWorkerAsync(int i, int port) => (_workers[i], _addresses[i]) =
        await MinkaProcess.WorkerAsync(Path.Combine(_folder, $"{i}"), port);

    private async Task<HttpResponseMessage> AskAsync(HttpClient client, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _cancellation);
    }
}
