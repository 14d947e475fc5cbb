using Minka.Server.Keys;

namespace Minka.Server;

/// <summary>What endpoints are made of.</summary>
/// <param name="Models">What can be asked.</param>
/// <param name="Options">Limits and habits.</param>
/// <param name="State">Whether requests are taken.</param>
/// <param name="Keys">Who may ask.</param>
/// <param name="Observers">Told what becomes of requests.</param>
/// <param name="Time">The clock.</param>
internal sealed record ServerParts(
    ModelShelf Models, ServerOptions Options, ServerState State, KeyRing Keys,
    IReadOnlyList<IRequestObserver> Observers, TimeProvider Time)
{
    /// <summary>Takes the model that a request names.</summary>
    /// <exception cref="ApiFault">There is none of that name, or no room for it now.</exception>
    public async Task<ModelLease> OpenAsync(string? name, RequestTrace trace)
    {
        var lease = await Models.OpenAsync(name, trace.Aborted).ConfigureAwait(false);
        trace.Model = lease.Model.Name;
        return lease;
    }
}

/// <summary>Whether the server takes requests, and how many it answers.</summary>
internal sealed class ServerState
{
    private int _running;

    /// <summary>Models asked for at the start are loaded.</summary>
    public bool IsLoaded { get; set; }

    /// <summary>It goes down: whoever routes requests should send them elsewhere.</summary>
    public bool IsDraining { get; set; }

    /// <summary>New requests are refused.</summary>
    public bool IsClosed { get; set; }

    /// <summary>Requests being answered.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>One more.</summary>
    public void Enter() => Interlocked.Increment(ref _running);

    /// <summary>One less.</summary>
    public void Leave() => Interlocked.Decrement(ref _running);
}
