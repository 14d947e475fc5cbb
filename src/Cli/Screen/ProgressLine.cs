using System.Globalization;

namespace Minka.Cli.Screen;

/// <summary>
/// A bar with the time left, on a screen only, and only when the work takes longer than half a second.
/// </summary>
internal sealed class ProgressLine(Terminal terminal, string title, long total) : IDisposable
{
    private static readonly TimeSpan _quiet = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan _between = TimeSpan.FromSeconds(0.1);
    private const int BarColumns = 24;

    private readonly Lock _lock = new();
    private readonly long _start = terminal.Time.GetTimestamp();
    private TimeSpan _shownAt;
    private long _done;
    private bool _isShown;

    /// <summary>So many more bytes are done. Any thread may say so.</summary>
    public void Advance(long bytes)
    {
        if (!terminal.IsErrorSeen) return;
        lock (_lock)
        {
            _done += bytes;
            var elapsed = terminal.Time.GetElapsedTime(_start);
            if (elapsed < _quiet || elapsed - _shownAt < _between) return;
            _shownAt = elapsed;
            _isShown = true;
            terminal.Error.Write($"\r\e[K{Describe(title, _done, total, elapsed)}");
        }
    }

    /// <summary>Takes the bar away.</summary>
    public void Dispose()
    {
        lock (_lock)
            if (_isShown) terminal.Error.Write("\r\e[K");
    }

    /// <summary>The line: title, bar, share, speed and time left.</summary>
    internal static string Describe(string title, long done, long total, TimeSpan elapsed)
    {
        var share = total <= 0 ? 0 : Math.Clamp((double)done / total, 0, 1);
        var filled = (int)(share * BarColumns);
        var bar = new string('█', filled) + new string('░', BarColumns - filled);
        var left = share > 0 ? elapsed * (1 / share - 1) : TimeSpan.Zero;
        return string.Create(CultureInfo.InvariantCulture,
            $"{title} {bar} {share * 100,3:F0} %  {done / elapsed.TotalSeconds / 1e6:F0} MB/s  "
            + $"{left.TotalSeconds:F0} s left");
    }
}
