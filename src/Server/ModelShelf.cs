namespace Minka.Server;

/// <summary>A model that can be served.</summary>
/// <param name="Name">What requests call it.</param>
/// <param name="Bytes">Memory that it takes when loaded.</param>
/// <param name="Load">Loads it.</param>
public sealed record ModelEntry(string Name, long Bytes, Func<CancellationToken, Task<ServedModel>> Load);

/// <summary>The models of a server: loaded when first asked for, unloaded when others need the room.</summary>
public sealed class ModelShelf : IAsyncDisposable
{
    /// <summary>A machine that comes back does so within seconds or much later.</summary>
    private static readonly TimeSpan _beforeAgain = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly Action<string> _log;
    private readonly List<Place> _places;
    private readonly long _bytesMax;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _closing = new();
    private long _uses;

    /// <summary>A shelf of models; the first one answers requests that name none.</summary>
    /// <param name="entries">At least one, each name once.</param>
    /// <param name="bytesMax">Memory for all loaded models together.</param>
    /// <param name="log">Told of models that failed.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public ModelShelf(
        IReadOnlyList<ModelEntry> entries, long bytesMax = long.MaxValue, Action<string>? log = null,
        TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(entries);
        if (entries.Count == 0) throw new ArgumentException("There is no model to serve; name at least one.");
        var twice = entries.GroupBy(entry => entry.Name, StringComparer.Ordinal).FirstOrDefault(it => it.Count() > 1);
        if (twice is not null)
            throw new ArgumentException($"Two models are called '{twice.Key}'; give one another name.");
        _places = [.. entries.Select(entry => new Place(entry))];
        (_bytesMax, _log, _time) = (bytesMax, log ?? (_ => { }), time ?? TimeProvider.System);
    }

    /// <summary>A model failed and is being loaded again, or waits for a machine that it lost.</summary>
    public bool HasFailed
    {
        get
        {
            lock (_lock) return _places.Exists(place => place.HasFailed || place.IsRecovering);
        }
    }

    /// <summary>What can be asked for, in the order given.</summary>
    public IReadOnlyList<ModelEntry> Entries => [.. _places.Select(place => place.Entry)];

    /// <summary>The models that are loaded now.</summary>
    public IReadOnlyList<ServedModel> Loaded
    {
        get
        {
            lock (_lock)
                return [.. _places.Where(place => place.IsLoaded).Select(place => place.Loading!.Result)];
        }
    }

    /// <summary>Takes a model for one request, loading it where it is not loaded.</summary>
    /// <param name="name">Null or empty for the first one.</param>
    /// <param name="cancellation">Stops waiting, not loading.</param>
    internal async Task<ModelLease> OpenAsync(string? name, CancellationToken cancellation)
    {
        var place = PlaceOf(name);
        Task<ServedModel> loading;
        lock (_lock)
        {
            if (place.HasFailed)
            {
                throw ApiFault.Unavailable("model_failed",
                    $"'{place.Entry.Name}' failed, the server's log says why, and it is being loaded again; ask again.",
                    _beforeAgain);
            }
            if (place.IsRecovering)
            {
                throw ApiFault.Unavailable("model_recovering",
                    $"'{place.Entry.Name}' waits for a machine that it lost; ask again.", _beforeAgain);
            }
            if (place.Loading is { IsFaulted: true } or { IsCanceled: true }) place.Loading = null;
            loading = place.Loading ??= Begin(place);
            // Whoever finds no room has no lease.
            place.Leases++;
            place.LastUse = ++_uses;
        }
        try
        {
            return new ModelLease(await loading.WaitAsync(cancellation).ConfigureAwait(false), () => Return(place));
        }
        catch
        {
            Return(place);
            throw;
        }
    }

    /// <summary>Stops every engine and frees every model.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        foreach (var place in _places)
        {
            if (place.Loading is not { } loading) continue;
            await ((Task)loading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (loading.IsCompletedSuccessfully) await loading.Result.DisposeAsync().ConfigureAwait(false);
        }
        _closing.Dispose();
    }

    /// <summary>What is known of a model, loaded or not.</summary>
    /// <exception cref="ApiFault">There is no model of that name.</exception>
    internal ModelEntry Find(string name) => PlaceOf(name).Entry;

    private Place PlaceOf(string? name)
    {
        if (string.IsNullOrEmpty(name)) return _places[0];
        return _places.Find(place => place.Entry.Name == name)
            ?? throw ApiFault.NotFound("model_not_found",
                $"There is no model '{Shorten(name)}'; this server has {string.Join(", ",
                    _places.Select(place => $"'{place.Entry.Name}'"))}.", "model");
    }

    private static string Shorten(string name) => name.Length <= 100 ? name : $"{name[..100]}…";

    /// <summary>Under the lock: makes room, then loads.</summary>
    private Task<ServedModel> Begin(Place place)
    {
        var others = _places.Where(other => other.Loading is { IsFaulted: false, IsCanceled: false }).ToList();
        var free = _bytesMax - others.Sum(other => other.Entry.Bytes);
        var leaving = new List<Place>();
        foreach (var other in others.Where(it => it.IsLoaded && it.Leases == 0).OrderBy(it => it.LastUse))
        {
            if (free >= place.Entry.Bytes) break;
            leaving.Add(other);
            free += other.Entry.Bytes;
        }
        // One that is larger than all the memory that was allowed is loaded alone.
        if (free < place.Entry.Bytes && leaving.Count < others.Count)
            throw ApiFault.Unavailable("loading",
                $"There is no room for '{place.Entry.Name}' while other models answer; ask again.",
                TimeSpan.FromSeconds(5));
        var unused = leaving.Select(other => other.Loading!.Result).ToList();
        foreach (var other in leaving) other.Loading = null;
        return Task.Run(async () =>
        {
            foreach (var model in unused) await model.DisposeAsync().ConfigureAwait(false);
            var loaded = await place.Entry.Load(_closing.Token).ConfigureAwait(false);
            _ = ReviveAsync(place, loaded);
            return loaded;
        });
    }

    /// <summary>Loads a model again whose engine fails, as when a machine is lost, until that works.</summary>
    private async Task ReviveAsync(Place place, ServedModel model)
    {
        await model.Running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (model.Running.Exception?.InnerException is not { } why || _closing.IsCancellationRequested) return;
        lock (_lock)
        {
            if (!place.IsLoaded || place.Loading!.Result != model) return;
            place.HasFailed = true;
            place.Loading = Task.Run(() => AgainAsync(place, model, why));
        }
    }

    private async Task<ServedModel> AgainAsync(Place place, ServedModel failed, Exception why)
    {
        _log($"'{place.Entry.Name}' failed: {why.Message} It is loaded again.");
        await failed.DisposeAsync().ConfigureAwait(false);
        for (var said = ""; ;)
        {
            try
            {
                var model = await place.Entry.Load(_closing.Token).ConfigureAwait(false);
                lock (_lock) place.HasFailed = false;
                _log($"'{place.Entry.Name}' answers again.");
                _ = ReviveAsync(place, model);
                return model;
            }
            catch (Exception still) when (!_closing.IsCancellationRequested)
            {
                if (said != still.Message) _log($"'{place.Entry.Name}' cannot be loaded: {still.Message}");
                said = still.Message;
            }
            await Task.Delay(_beforeAgain, _time, _closing.Token).ConfigureAwait(false);
        }
    }

    private void Return(Place place)
    {
        lock (_lock) place.Leases--;
    }

    private sealed class Place(ModelEntry entry)
    {
        public ModelEntry Entry { get; } = entry;
        public Task<ServedModel>? Loading { get; set; }
        public bool IsLoaded => Loading is { IsCompletedSuccessfully: true };
        public bool HasFailed { get; set; }
        public bool IsRecovering => IsLoaded && Loading!.Result.Engine.IsRecovering;
        public int Leases { get; set; }
        public long LastUse { get; set; }
    }
}

/// <summary>A model in use; it stays loaded until the lease is disposed.</summary>
internal sealed class ModelLease(ServedModel model, Action giveBack) : IDisposable
{
    private Action? _giveBack = giveBack;

    /// <summary>The model.</summary>
    public ServedModel Model { get; } = model;

    /// <summary>Gives it back; again does nothing.</summary>
    public void Dispose() => Interlocked.Exchange(ref _giveBack, null)?.Invoke();
}
