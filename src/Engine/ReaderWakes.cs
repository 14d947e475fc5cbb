using System.Collections.Concurrent;

namespace Minka.Engine;

/// <summary>Wakes the readers of a step's tokens together: while a model has every core, waking a thread for each
/// costs more than what they do.</summary>
internal sealed class ReaderWakes : IThreadPoolWorkItem
{
    /// <summary>Readers that one thread serves one after the other; more of them get more threads.</summary>
    private const int PerThread = 16;

    private readonly ConcurrentQueue<Generation> _awaited = new();
    private int _added;

    /// <summary>There is news for a reader. The loop's alone.</summary>
    public void Add(Generation generation)
    {
        if (!generation.TryAnnounce()) return;
        _awaited.Enqueue(generation);
        _added++;
    }

    /// <summary>Wakes all that were added since. The loop's alone.</summary>
    public void Send()
    {
        for (; _added > 0; _added -= PerThread) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        _added = 0;
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (_awaited.TryDequeue(out var generation))
        {
            // What follows the last token may take long, and nobody else shall wait for it.
            if (generation.IsEnded)
                ThreadPool.UnsafeQueueUserWorkItem(static ended => ended.Inform(), generation, preferLocal: false);
            else generation.Inform();
        }
    }
}
