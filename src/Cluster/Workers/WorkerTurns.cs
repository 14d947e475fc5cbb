namespace Minka.Cluster.Workers;

/// <summary>
/// One root at a time changes what a worker is. A root that comes again, since its connection broke, takes over from
/// itself.
/// </summary>
internal sealed class WorkerTurns : IDisposable
{
    private static readonly TimeSpan _handOver = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _one = new(1);
    private volatile Turn? _current;

    /// <summary>Begins a turn.</summary>
    /// <param name="holder">Whose: the hash of its plan.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Null while another root has its turn.</returns>
    public async Task<Turn?> EnterAsync(string holder, CancellationToken cancellation)
    {
        if (!await _one.WaitAsync(0, cancellation))
        {
            if (_current is not { } current || current.Holder != holder) return null;
            current.End();
            if (!await _one.WaitAsync(_handOver, cancellation)) return null;
        }
        return _current = new(this, holder, cancellation);
    }

    public void Dispose() => _one.Dispose();

    private void Leave()
    {
        _current = null;
        _one.Release();
    }

    /// <summary>One call's turn.</summary>
    internal sealed class Turn(WorkerTurns turns, string holder, CancellationToken cancellation) : IDisposable
    {
        private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);

        public string Holder => holder;

        /// <summary>Ends with the call, or when the same root comes again.</summary>
        public CancellationToken Token => _end.Token;

        public void End()
        {
            try
            {
                _end.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It has just ended by itself.
            }
        }

        public void Dispose()
        {
            turns.Leave();
            _end.Dispose();
        }
    }
}
