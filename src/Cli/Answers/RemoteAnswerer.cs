using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Minka.Cli.Options;
using Minka.Models;

namespace Minka.Cli.Answers;

/// <summary>Asks a server of OpenAI's kind, and shows its stream as it comes.</summary>
internal sealed class RemoteAnswerer : IAnswerer
{
    private readonly HttpClient _client;
    private readonly RemoteChoice _server;
    private readonly Terminal _terminal;

    public RemoteAnswerer(RemoteChoice server, Terminal terminal)
    {
        (_server, _terminal) = (server, terminal);
        _client = new HttpClient { BaseAddress = server.Url, Timeout = Timeout.InfiniteTimeSpan };
        if (server.Key is { } key) _client.DefaultRequestHeaders.Authorization = new("Bearer", key);
    }

    /// <inheritdoc/>
    public string ModelName => _server.Model ?? _server.Url.Authority;

    /// <inheritdoc/>
    /// <exception cref="IOException">The server cannot be reached, refuses, breaks off or speaks otherwise.</exception>
    public async Task<AnswerReport> AnswerAsync(
        Prompt prompt, AnswerOptions options, Action<string> write, CancellationToken cancellation)
    {
        var answer = new Reading(_terminal.Time);
        try
        {
            using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Body(prompt, options)));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var request = new HttpRequestMessage(
                HttpMethod.Post, prompt is Prompt.Messages ? "v1/chat/completions" : "v1/completions");
            request.Content = content;
            using var response = await _client.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (!response.IsSuccessStatusCode) throw await RefusalAsync(response, cancellation);
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation));
            while (await lines.ReadLineAsync(cancellation) is { } line)
                if (line.StartsWith("data: ", StringComparison.Ordinal)) answer.Take(line["data: ".Length..], write);
            if (!answer.IsOver) throw new IOException("its stream ended before the answer did");
        }
        catch (HttpRequestException failure)
        {
            throw new IOException($"{_server.Url} could not be asked: {failure.Message}", failure);
        }
        catch (Exception other) when (other is JsonException or KeyNotFoundException or InvalidOperationException
            or FormatException)
        {
            throw new IOException($"{_server.Url} does not answer as OpenAI's server does: {other.Message}", other);
        }
        catch (IOException broken) when (broken is not RefusedException && !Terminal.IsOutputGone(broken))
        {
            throw new IOException($"{_server.Url} broke off: {broken.Message.TrimEnd('.')}.", broken);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // What came so far is the answer.
        }
        return answer.Report(ModelName, options.Sampling.Seed);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private string Body(Prompt prompt, AnswerOptions options) => Json.WriteObject(json =>
    {
        if (_server.Model is { } model) json.WriteString("model", model);
        json.WriteBoolean("stream", true);
        json.WriteStartObject("stream_options");
        json.WriteBoolean("include_usage", true);
        json.WriteEndObject();
        // What was not typed is the server's to decide.
        foreach (var (field, value) in options.Given)
        {
            json.WritePropertyName(field);
            json.WriteRawValue(value);
        }
        if (prompt is Prompt.Raw raw)
        {
            json.WriteString("prompt", raw.Text);
            if (!options.Given.ContainsKey("max_tokens")) json.WriteNumber("max_tokens", int.MaxValue);
            return;
        }
        json.WriteStartArray("messages");
        foreach (var turn in ((Prompt.Messages)prompt).Turns)
        {
            json.WriteStartObject();
            json.WriteString("role", turn.Role);
            json.WriteString("content", turn.Content);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });

    private async Task<RefusedException> RefusalAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var text = await response.Content.ReadAsStringAsync(cancellation);
        try
        {
            using var document = JsonDocument.Parse(text);
            text = document.RootElement.GetProperty("error").GetProperty("message").GetString() ?? text;
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            text = response.ReasonPhrase ?? "";
        }
        return new($"{_server.Url} answered {(int)response.StatusCode}: {text}");
    }

    /// <summary>The server said no.</summary>
    private sealed class RefusedException(string message) : IOException(message);

    /// <summary>An answer as it comes.</summary>
    private sealed class Reading(TimeProvider time)
    {
        private readonly StringBuilder _text = new();
        private readonly long _start = time.GetTimestamp();
        private TimeSpan? _first;
        private TimeSpan _last;
        private string _finish = "interrupted";
        private string? _model;
        private int _prompt, _cached, _tokens;

        /// <summary>The server has said why the answer ends, or that nothing more comes.</summary>
        public bool IsOver { get; private set; }

        public void Take(string chunk, Action<string> write)
        {
            if (chunk.StartsWith('[')) // [DONE]
            {
                IsOver = true;
                return;
            }
            using var document = JsonDocument.Parse(chunk);
            var root = document.RootElement;
            if (root.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object)
                throw new IOException(error.GetProperty("message").GetString());
            if (root.TryGetProperty("model", out var model)) _model = model.GetString();
            foreach (var choice in root.GetProperty("choices").EnumerateArray()) TakeChoice(choice, write);
            if (!root.TryGetProperty("usage", out var usage) || usage.ValueKind != JsonValueKind.Object) return;
            _prompt = usage.GetProperty("prompt_tokens").GetInt32();
            _tokens = usage.GetProperty("completion_tokens").GetInt32();
            if (usage.TryGetProperty("prompt_tokens_details", out var details)
                && details.ValueKind == JsonValueKind.Object
                && details.TryGetProperty("cached_tokens", out var cached)) _cached = cached.GetInt32();
        }

        public AnswerReport Report(string model, ulong seed) => new()
        {
            Model = _model ?? model,
            Text = _text.ToString(),
            Finish = _finish,
            Seed = seed,
            PromptTokens = _prompt,
            CachedTokens = _cached,
            AnswerTokens = _tokens,
            TimeToFirstToken = _first ?? TimeSpan.Zero,
            DecodeTime = _last - (_first ?? _last),
            LoadTime = TimeSpan.Zero,
            Memory = new ModelMemory(0, 0, 0, 0, 0),
            KvCache = "on the server",
            ProcessBytes = Environment.WorkingSet,
        };

        private void TakeChoice(JsonElement choice, Action<string> write)
        {
            if (choice.TryGetProperty("finish_reason", out var why) && why.ValueKind == JsonValueKind.String)
                (_finish, IsOver) = (why.GetString()!, true);
            var holder = choice.TryGetProperty("delta", out var delta) ? delta : choice;
            if (!holder.TryGetProperty(delta.ValueKind == JsonValueKind.Object ? "content" : "text", out var content)
                || content.ValueKind != JsonValueKind.String || content.GetString() is not { Length: > 0 } text) return;
            _last = time.GetElapsedTime(_start);
            _first ??= _last;
            _text.Append(text);
            write(text);
        }
    }
}
