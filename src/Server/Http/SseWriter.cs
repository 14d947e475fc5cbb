using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Minka.Server.Generating;

namespace Minka.Server.Http;

/// <summary>Writes server-sent events. Nothing is sent before <see cref="FlushAsync"/>, and no header before the first
/// event, so that a request can still be refused with its own status until then.</summary>
/// <remarks>Never <c>id:</c> or <c>retry:</c>: official clients take the empty event that follows for JSON.</remarks>
internal sealed class SseWriter : IAsyncDisposable
{
    private readonly HttpContext _context;
    private readonly RequestTrace _trace;
    private readonly PipeWriter _output;
    private readonly Utf8JsonWriter _json;
    private bool _hasText;

    public SseWriter(HttpContext context)
    {
        _context = context;
        _trace = RequestTrace.Of(context);
        _output = context.Response.BodyWriter;
        _json = new Utf8JsonWriter(_output, JsonReply.Options);
    }

    /// <summary>Something was written.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>An error was written instead of the rest.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Writes a generation to its end: signs of life while it is quiet, an error if it fails on the way.
    /// </summary>
    /// <param name="batches">From <see cref="TextGeneration.BatchesAsync"/>.</param>
    /// <param name="write">Writes one thing that happened.</param>
    /// <param name="fail">Writes an error in the dialect's way; null for OpenAI's.</param>
    /// <exception cref="ApiFault">It failed before anything was sent.</exception>
    public async Task WriteAsync(
        IAsyncEnumerable<IReadOnlyList<TextEvent>> batches, Action<TextEvent> write, Action<ApiFault>? fail = null)
    {
        try
        {
            await foreach (var batch in batches.ConfigureAwait(false))
            {
                if (batch.Count == 0) Ping();
                foreach (var happened in batch) write(happened);
                await FlushAsync().ConfigureAwait(false);
            }
        }
        catch (Exception error) when (HasBegun && error is not OperationCanceledException)
        {
            HasFailed = true;
            var fault = Faults.Of(error);
            _trace.FaultCode = fault.Code;
            if (fail is not null) fail(fault);
            else Event(json => OpenAiErrorShape.Instance.Write(json, fault, _trace.Id));
        }
    }

    /// <summary>One event of JSON, with a type where the dialect has them.</summary>
    public void Event(Action<Utf8JsonWriter> write, string? type = null)
    {
        Begin();
        _hasText = true;
        if (type is not null) Put($"event: {type}\n");
        Put("data: "u8);
        write(_json);
        _json.Flush();
        _json.Reset();
        Put("\n\n"u8);
    }

    /// <summary>A sign of life that clients skip.</summary>
    public void Ping()
    {
        Begin();
        Put(": ping\n\n"u8);
    }

    /// <summary>The end of OpenAI's streams.</summary>
    public void Done() => Put("data: [DONE]\n\n"u8);

    /// <summary>Sends what was written; waits where the client reads slowly.</summary>
    public async ValueTask FlushAsync()
    {
        if (!HasBegun) return;
        await _output.FlushAsync(_context.RequestAborted).ConfigureAwait(false);
        if (_hasText) _trace.Sent();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _json.DisposeAsync();

    private void Begin()
    {
        if (HasBegun) return;
        HasBegun = true;
        var response = _context.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
    }

    private void Put(ReadOnlySpan<byte> text) => System.Buffers.BuffersExtensions.Write(_output, text);

    private void Put(string text) => Put(Encoding.UTF8.GetBytes(text));
}
