using System.Text.Json;
using Minka.LoadTest.Client;
using Minka.LoadTest.Workloads;

namespace Minka.LoadTest;

/// <summary>A server that was met: its model is known, and how long our words are to it.</summary>
public sealed class LoadServer : IDisposable
{
    private static readonly TimeSpan _betweenTries = TimeSpan.FromSeconds(0.5);
    private const int ProbeTokens = 1;
    private const int ProbeTokensBelieved = 4;

    private bool _isTokenFieldOld;

    private LoadServer(LoadTarget target, TimeProvider time) =>
        (Target, Time, Client) = (target, time, new OpenAiClient(target, time));

    /// <summary>The server, with the model's name.</summary>
    public LoadTarget Target { get; private set; }

    /// <summary>How long words are.</summary>
    public TokenRuler Ruler { get; private set; } = TokenRuler.Assumed;

    /// <summary>What the server calls itself; null if it does not say.</summary>
    public string? Version { get; private set; }

    internal TimeProvider Time { get; }

    internal OpenAiClient Client { get; private set; }

    /// <summary>Meets a server: waits until it is ready, asks for its model, sends one small request.</summary>
    /// <param name="target">Where it is.</param>
    /// <param name="readyTimeout">How long it may take to get ready; zero to try once.</param>
    /// <param name="needsRuler">Prompts are written by length, so words must be measured.</param>
    /// <param name="time">Clock.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="LoadTestException">It cannot be reached, has no model, or refuses the request.</exception>
    public static async Task<LoadServer> MeetAsync(
        LoadTarget target, TimeSpan readyTimeout, bool needsRuler, TimeProvider time, CancellationToken cancellation)
    {
        var server = new LoadServer(target, time);
        try
        {
            await server.GreetAsync(readyTimeout, cancellation);
            await server.ProbeAsync("Hello", cancellation);
            if (needsRuler)
                server.Ruler = await new WordCalibration(server.Client, server.Target, server.ProbeAsync)
                    .MeasureAsync(cancellation);
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>Writes a request out, so that the run itself only sends.</summary>
    public PreparedRequest Prepare(RequestShape shape, string prompt) => new(
        RequestBody.Write(Target, _isTokenFieldOld, prompt, shape.OutputTokens),
        shape.PromptTokens, shape.OutputTokens);

    /// <inheritdoc/>
    public void Dispose() => Client.Dispose();

    private async Task GreetAsync(TimeSpan readyTimeout, CancellationToken cancellation)
    {
        var start = Time.GetTimestamp();
        var complaint = "";
        while (true)
        {
            using var models = await Client.AskAsync("v1/models", null, cancellation, text => complaint = text);
            if (FirstModel(models) is { } first)
            {
                if (Target.Model.Length == 0) Target = Target with { Model = first };
                break;
            }
            if (models is not null) complaint = "/v1/models names no model";
            if (Time.GetElapsedTime(start) >= readyTimeout)
            {
                if (Target.Model.Length > 0) break; // the probe will say more
                throw new LoadTestException($"The server at {Target.BaseUrl} does not say which model it has "
                    + $"({complaint.TrimEnd('.')}); start it, or name the model with --model.");
            }
            await Task.Delay(_betweenTries, Time, cancellation);
        }
        using var version = await Client.AskAsync("version", null, cancellation);
        Version = version?.RootElement is { ValueKind: JsonValueKind.Object } root
            && root.TryGetProperty("version", out var text) && text.ValueKind == JsonValueKind.String
            ? Failure.Excerpt(text.GetString()!) : null;
    }

    private static string? FirstModel(JsonDocument? models) =>
        models?.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("data", out var data)
            && data.ValueKind == JsonValueKind.Array && data.GetArrayLength() > 0
            && data[0].ValueKind == JsonValueKind.Object && data[0].TryGetProperty("id", out var id)
            && id.ValueKind == JsonValueKind.String ? id.GetString() : null;

    /// <summary>Sends a text and makes one token.</summary>
    /// <returns>The server's count of the prompt; null if it counts none.</returns>
    private async Task<int?> ProbeAsync(string text, CancellationToken cancellation)
    {
        var outcome = await SendProbeAsync(text, cancellation);
        var isLimitUnheard = outcome.Failure?.Kind is FailureKind.Endless or FailureKind.ClientError
            || outcome.OutputTokens > ProbeTokensBelieved;
        if (Target.IsChat && !_isTokenFieldOld && isLimitUnheard)
        {
            _isTokenFieldOld = true; // an older server, which knows max_tokens only
            outcome = await SendProbeAsync(text, cancellation);
        }
        cancellation.ThrowIfCancellationRequested();
        if (outcome.Failure is { Kind: not FailureKind.Empty } failure)
            throw new LoadTestException($"A small request to {Target.RequestUrl} failed: {failure.Name} "
                + $"({failure.Message.TrimEnd('.')}).");
        return outcome.IsCounted ? outcome.PromptTokens : null;
    }

    private Task<RequestOutcome> SendProbeAsync(string text, CancellationToken cancellation) => Client.SendAsync(
        Prepare(new(1, ProbeTokens), text), 0, Time.GetTimestamp(), cancellation);
}
