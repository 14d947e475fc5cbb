using System.Runtime.InteropServices;

namespace Minka.Cli.Screen;

/// <summary>Ctrl+C: the first cancels what is running, the second ends the process.</summary>
internal sealed class Interrupts : IDisposable
{
    private readonly Lock _lock = new();
    private CancellationTokenSource? _running;
    private PosixSignalRegistration? _registration;

    /// <summary>Listens to this process's SIGINT.</summary>
    public static Interrupts OfThisProcess()
    {
        var interrupts = new Interrupts();
        interrupts._registration = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            // Not cancelled, the signal ends the process with 130 as the system would.
            signal.Cancel = interrupts.Raise();
        });
        return interrupts;
    }

    /// <summary>Begins something that Ctrl+C cancels, until it is disposed.</summary>
    public Interruptible Begin(CancellationToken cancellation = default)
    {
        lock (_lock)
        {
            var outer = _running;
            _running = CancellationTokenSource.CreateLinkedTokenSource(cancellation, outer?.Token ?? default);
            return new Interruptible(this, _running, outer);
        }
    }

    /// <summary>Until disposed nothing hears Ctrl+C, so that it ends the process: while waiting for a pipe or a disk.
    /// </summary>
    /// <exception cref="OperationCanceledException">Ctrl+C was pressed already; the wait would not hear of it.
    /// </exception>
    public IDisposable Suspend()
    {
        lock (_lock)
        {
            var outer = _running;
            outer?.Token.ThrowIfCancellationRequested();
            _running = null;
            return new Interruptible(this, null, outer);
        }
    }

    /// <summary>Ctrl+C was pressed.</summary>
    /// <returns>Something was running and heard it for the first time.</returns>
    public bool Raise()
    {
        lock (_lock)
        {
            if (_running is not { IsCancellationRequested: false }) return false;
            _running.Cancel();
            return true;
        }
    }

    public void Dispose() => _registration?.Dispose();

    /// <summary>Something that Ctrl+C cancels.</summary>
    internal sealed class Interruptible(
        Interrupts owner, CancellationTokenSource? source, CancellationTokenSource? outer) : IDisposable
    {
        public CancellationToken Token => source?.Token ?? default;

        public void Dispose()
        {
            lock (owner._lock) owner._running = outer;
            source?.Dispose();
        }
    }
}
