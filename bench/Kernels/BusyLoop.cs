using System.Diagnostics;
using System.Globalization;

namespace Minka.Bench.Kernels;

/// <summary>Another process that never rests, pinned to one core until disposed.</summary>
internal sealed class BusyLoop : IDisposable
{
    private readonly Process _process;

    /// <summary>Starts it on a core, counted from 0.</summary>
    public BusyLoop(int core) => _process = Process.Start(
        "taskset", ["-c", core.ToString(CultureInfo.InvariantCulture), "sh", "-c", "while :; do :; done"]);

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
