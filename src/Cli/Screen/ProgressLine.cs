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
    private const int ShortestBar = 8;

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
            terminal.ShowProgress(Describe(title, _done, total, elapsed, terminal.ErrorColumns - 1));
        }
    }

    /// <summary>Takes the bar away.</summary>
    public void Dispose()
    {
        lock (_lock)
            if (_isShown) terminal.ClearProgress();
    }

    /// <summary>The line: title, bar, share, speed and time left; no speed and no bar where there is no room.</summary>
    internal static string Describe(string title, long done, long total, TimeSpan elapsed, int columns)
    {
        var share = total <= 0 ? 0 : Math.Clamp((double)done / total, 0, 1);
        var left = share > 0 ? elapsed * (1 / share - 1) : TimeSpan.Zero;
        var speed = string.Create(CultureInfo.InvariantCulture, $"  {done / elapsed.TotalSeconds / 1e6:F0} MB/s");
        var before = string.Create(CultureInfo.InvariantCulture, $"{share * 100,3:F0} %");
        var after = string.Create(CultureInfo.InvariantCulture, $"  {left.TotalSeconds:F0} s left");
        var room = columns - title.Length - before.Length - after.Length - 2;
        if (room - speed.Length < ShortestBar) speed = "";
        room = Math.Min(room - speed.Length, BarColumns);
        return room < ShortestBar
            ? $"{title} {before.TrimStart()}{after}"
            : $"{title} {Bar(share, room)} {before}{speed}{after}";
    }

    private static string Bar(double share, int columns)
    {
        var filled = (int)(share * columns);
        return new string('█', filled) + new string('░', columns - filled);
    }
}
