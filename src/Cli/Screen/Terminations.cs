using System.Runtime.InteropServices;

namespace Minka.Cli.Screen;

/// <summary>SIGTERM, by which service managers end a program: it leaves as with Ctrl+C while this lives.</summary>
internal sealed class Terminations : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly PosixSignalRegistration _registration;

    private Terminations(CancellationTokenSource source)
    {
        _source = source;
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            source.Cancel();
        });
    }

    /// <summary>Cancelled by the signal, or with the token it was made from.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Begins to listen.</summary>
    public static Terminations LinkedTo(CancellationToken cancellation) =>
        new(CancellationTokenSource.CreateLinkedTokenSource(cancellation));

    public void Dispose()
    {
        _registration.Dispose();
        _source.Dispose();
    }
}
