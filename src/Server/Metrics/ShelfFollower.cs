namespace Minka.Server.Metrics;

/// <summary>Follows the engines of whatever models are loaded.</summary>
internal sealed class ShelfFollower(ServingMetrics serving, ModelShelf models)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ServedModel, IDisposable> _followed = [];

    /// <summary>Begins with models that were loaded since, ends with those that are gone.</summary>
    public void Refresh()
    {
        lock (_lock)
        {
            var loaded = models.Loaded;
            foreach (var (model, following) in _followed.ToArray())
            {
                if (loaded.Contains(model)) continue;
                _followed.Remove(model);
                following.Dispose();
            }
            foreach (var model in loaded)
                if (!_followed.ContainsKey(model))
                    _followed.Add(model, serving.Follow(model.Name, model.Engine.Snapshot));
        }
    }
}
