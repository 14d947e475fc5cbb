using System.Globalization;
using Minka.LoadTest;

namespace Minka.Cli.Measuring;

/// <summary>How far a level is, with the time left, on a screen only.</summary>
internal sealed class LoadProgressLine(Terminal terminal, string title) : IProgress<LoadProgress>, IDisposable
{
    private static readonly TimeSpan _between = TimeSpan.FromSeconds(0.1);
    private const int BarColumns = 20;

    private readonly Lock _lock = new();
    private TimeSpan _shownAt = -_between;
    private bool _isOver;

    /// <inheritdoc/>
    public void Report(LoadProgress value)
    {
        lock (_lock)
        {
            if (_isOver || value.Elapsed - _shownAt < _between) return;
            _shownAt = value.Elapsed;
            terminal.ShowProgress(Describe(title, value));
        }
    }

    /// <summary>Takes the line away.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isOver = true;
            terminal.ClearProgress();
        }
    }

    /// <summary>The line: title, bar, counts, speed, time left.</summary>
    internal static string Describe(string title, LoadProgress progress)
    {
        var share = progress.Total > 0 ? progress.Done / (double)progress.Total : 0;
        var filled = (int)(share * BarColumns);
        var seconds = progress.Elapsed.TotalSeconds;
        var failed = progress.Failed > 0
            ? string.Create(CultureInfo.InvariantCulture, $", {progress.Failed} failed") : "";
        var left = share > 0
            ? string.Create(CultureInfo.InvariantCulture, $"  {seconds * (1 / share - 1):F0} s left") : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{title} {new string('█', filled)}{new string('░', BarColumns - filled)} "
            + $"{progress.Done}/{progress.Total}, {progress.Sent - progress.Done} under way{failed}  "
            + $"{(seconds > 0 ? progress.OutputTokens / seconds : 0):F0} tok/s{left}");
    }
}
