using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Minka.Server.Generating;
using Minka.Server.Http;

namespace Minka.Server.Ollama;

/// <summary>Writes JSON objects, one a line. No header is sent before the first line.</summary>
internal sealed class LineWriter(HttpContext context) : IAsyncDisposable
{
    private readonly PipeWriter _output = context.Response.BodyWriter;
    private readonly Utf8JsonWriter _json = new(context.Response.BodyWriter, JsonReply.Options);
    private bool _hasBegun;

    /// <summary>Writes a generation to its end, or to the error that ends it.</summary>
    /// <exception cref="ApiFault">It failed before anything was sent.</exception>
    public async Task WriteAsync(IAsyncEnumerable<IReadOnlyList<TextEvent>> batches, Action<TextEvent> write)
    {
        var trace = RequestTrace.Of(context);
        try
        {
            await foreach (var batch in batches.ConfigureAwait(false))
            {
                foreach (var happened in batch) write(happened);
                if (!_hasBegun) continue;
                await _output.FlushAsync(context.RequestAborted).ConfigureAwait(false);
                trace.Sent();
            }
        }
        catch (Exception error) when (_hasBegun && error is not OperationCanceledException)
        {
            var fault = Faults.Of(error);
            trace.FaultCode = fault.Code;
            Line(json => OllamaErrorShape.Instance.Write(json, fault, trace.Id));
            await _output.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        }
    }

    /// <summary>One line.</summary>
    public void Line(Action<Utf8JsonWriter> write)
    {
        if (!_hasBegun) context.Response.ContentType = "application/x-ndjson";
        _hasBegun = true;
        write(_json);
        _json.Flush();
        _json.Reset();
        System.Buffers.BuffersExtensions.Write(_output, "\n"u8);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _json.DisposeAsync();
}
