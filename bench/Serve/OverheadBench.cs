using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Minka.Bench.Kernels;
using Minka.Compute.Cpu;
using Minka.Engine;
using Minka.Engine.Execution;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;
using Minka.Models;
using Minka.Server;

namespace Minka.Bench.Serve;

/// <summary><c>overhead MODEL</c>: the same requests through HTTP and straight into the same engine, taking
/// turns.</summary>
internal static class OverheadBench
{
    private const int Rounds = 5, PromptTokens = 32;

    public static async Task<int> RunAsync(string[] args)
    {
        var options = new BenchOptions(args);
        if (args.FirstOrDefault(Path.Exists) is not { } path)
        {
            Console.Error.WriteLine("overhead needs a MODEL; --threads 1 --users 1,4,8 --tokens 64.");
            return 2;
        }
        var threads = options.Numbers("--threads", "1")[0];
        var tokens = options.Numbers("--tokens", "64")[0];
        var users = options.Numbers("--users", "1,4,8");
        await using var server = await StartAsync(path, threads, users.Max());
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Path.GetFileName(path)}, {threads} threads, {PromptTokens} tokens in, {tokens} out, {Rounds} rounds\n\n"
            + $"| users | engine, tokens/s | HTTP, tokens/s | overhead, median | least | most |\n"
            + $"| --: | --: | --: | --: | --: | --: |"));
        foreach (var count in users) await MeasureAsync(server, count, tokens);
        return 0;
    }

    private static async Task MeasureAsync(Subject server, int users, int tokens)
    {
        List<double> bare = [], http = [], overheads = [];
        await server.BareAsync(users, 8);
        await server.HttpAsync(users, 8);
        for (var round = 0; round < Rounds; round++)
        {
            bare.Add(await server.BareAsync(users, tokens));
            http.Add(await server.HttpAsync(users, tokens));
            overheads.Add(http[^1] / bare[^1] - 1);
        }
        double Rate(List<double> seconds) => users * tokens / Median(seconds);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {users} | {Rate(bare):F1} | {Rate(http):F1} | {Median(overheads):P1} | {overheads.Min():P1} | "
            + $"{overheads.Max():P1} |"));
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static async Task<Subject> StartAsync(string path, int threads, int users)
    {
        var package = ModelPackage.Open(path);
        var backend = new CpuBackend(new() { Threads = threads });
        var scheduling = new SchedulerOptions
        {
            SequencesMax = users, TokensPerStepMax = 512, LogitRowsMax = 32, ContextMax = 512, PrefixCaching = false,
        };
        var blocks = users * 34 + 8;
        var loaded = package.Load(backend, new() { KvBlocks = blocks, Limits = scheduling.StepLimits(blocks) });
        var model = new ServedModel(
            "m", package, new LocalExecutor(loaded), new ServedModelOptions { Scheduling = scheduling }, loaded,
            TimeProvider.System);
        var shelf = new ModelShelf([new ModelEntry("m", 1, _ => Task.FromResult(model))]);
        var app = await ServerApp.StartAsync(shelf, new ServerOptions { Port = 0 }, TimeProvider.System);
        await app.LoadAsync();
        return new Subject(model, app, [package, backend]);
    }

    /// <summary>A server, and the engine inside of it.</summary>
    private sealed class Subject(ServedModel model, ServerApp app, IDisposable[] owned) : IAsyncDisposable
    {
        private readonly HttpClient _client = new() { BaseAddress = app.Address };
        private int _salt;

        /// <summary>Seconds until every user has an answer, without the server.</summary>
        public Task<double> BareAsync(int users, int tokens) => TimeAsync(users, async prompt =>
        {
            var generation = model.Engine.Submit(new GenerationRequest
            {
                Prompt = prompt, TokensMax = tokens, IgnoreEos = true, Sampling = SamplingOptions.Greedy,
            });
            await foreach (var _ in generation) { }
        });

        /// <summary>The same through HTTP, streamed.</summary>
        public Task<double> HttpAsync(int users, int tokens) => TimeAsync(users, async prompt =>
        {
            var body = $$"""
                {"prompt":[{{string.Join(',', prompt)}}],"max_tokens":{{tokens}},"ignore_eos":true,"temperature":0,
                 "stream":true}
                """;
            using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions");
            request.Content = content;
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            await using var stream = await response.Content.ReadAsStreamAsync();
            await stream.CopyToAsync(Stream.Null);
        });

        public async ValueTask DisposeAsync()
        {
            _client.Dispose();
            await app.DisposeAsync();
            foreach (var part in owned) part.Dispose();
        }

        private async Task<double> TimeAsync(int users, Func<int[], Task> ask)
        {
            var salt = ++_salt;
            var start = Stopwatch.GetTimestamp();
            await Task.WhenAll(Enumerable.Range(0, users).Select(user => ask(
                [.. Enumerable.Range(0, PromptTokens).Select(i => 100 + (i * 37 + user * 11 + salt * 7) % 900)])));
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
    }
}
