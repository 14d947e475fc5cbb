using Microsoft.AspNetCore.Http;
using Minka.Server.Generating;

namespace Minka.Server;

/// <summary>What becomes of one HTTP request; filled while it runs, read by observers.</summary>
internal sealed class RequestTrace
{
    private TextGeneration[] _generations = [];
    private readonly TimeProvider _time;
    private readonly long _received;
    private int _embedded;

    /// <summary>Begins when the request line was read.</summary>
    public RequestTrace(string id, TimeProvider time, CancellationToken aborted)
    {
        (Id, Aborted, _time) = (id, aborted, time);
        _received = time.GetTimestamp();
        ReceivedAt = time.GetUtcNow();
    }

    /// <summary>The client's or ours; in the answer's <c>x-request-id</c>.</summary>
    public string Id { get; }

    /// <summary>Cancelled when the client has gone or the server gives up.</summary>
    public CancellationToken Aborted { get; }

    /// <summary>When it came.</summary>
    public DateTimeOffset ReceivedAt { get; }

    /// <summary>The template of its route, never the path that was sent; empty for no route.</summary>
    public string Route { get; set; } = "";

    /// <summary>Name of the key that was shown; empty without keys.</summary>
    public string Key { get; set; } = "";

    /// <summary>The model that answers; empty until it is known.</summary>
    public string Model { get; set; } = "";

    /// <summary>The client's <c>traceparent</c>; empty for none.</summary>
    public string TraceParent { get; init; } = "";

    /// <summary>The client's <c>tracestate</c>; empty for none.</summary>
    public string TraceState { get; init; } = "";

    /// <summary>HTTP status; 499 for a client that left.</summary>
    public int Status { get; set; }

    /// <summary>Code of the error that was answered; null for none.</summary>
    public string? FaultCode { get; set; }

    /// <summary>From receiving it to the first byte of the answer's text; null before.</summary>
    public TimeSpan? FirstByte { get; private set; }

    /// <summary>Time since it came.</summary>
    public TimeSpan Elapsed => _time.GetElapsedTime(_received);

    /// <summary>What engines did for it.</summary>
    public IReadOnlyList<TextGeneration> Generations => Volatile.Read(ref _generations);

    /// <summary>Tokens of prompts that were embedded.</summary>
    public int EmbeddedTokens => Volatile.Read(ref _embedded);

    /// <summary>Tokens of all that was done for it.</summary>
    public TokenUsage Usage =>
        Generations.Aggregate(new TokenUsage(EmbeddedTokens, 0, 0, 0), (sum, one) => sum + one.Usage);

    /// <summary>Adds a generation; observers may be reading the others meanwhile.</summary>
    public void Add(TextGeneration generation)
    {
        generation.SubmittedAfter = Elapsed;
        Volatile.Write(ref _generations, [.. _generations, generation]);
    }

    /// <summary>Adds a prompt that was embedded; many may at a time.</summary>
    public void AddEmbedded(int tokens) => Interlocked.Add(ref _embedded, tokens);

    /// <summary>Text is on its way to the client; only the first call counts.</summary>
    public void Sent() => FirstByte ??= Elapsed;

    /// <summary>Of the request being answered.</summary>
    public static RequestTrace Of(HttpContext context) =>
        context.Features.Get<RequestTrace>()
        ?? throw new InvalidOperationException("The request has no trace; RequestGate must come first.");

    /// <summary>Attaches it to its request.</summary>
    public void AttachTo(HttpContext context) => context.Features.Set(this);
}

/// <summary>Is told what becomes of requests: metrics, logs, traces. Called from many threads.</summary>
internal interface IRequestObserver
{
    /// <summary>A request came.</summary>
    void Began(RequestTrace trace);

    /// <summary>A request was answered, or its client left.</summary>
    void Ended(RequestTrace trace);
}
