using System.Globalization;
using Minka.LoadTest.Client;
using Minka.LoadTest.Results;

namespace Minka.LoadTest.Report;

/// <summary>
/// Every request of a level as a bar over time: pale while it waits for its first token, full while tokens come.
/// </summary>
/// <param name="level">Level with its requests.</param>
/// <param name="colour">Of the run.</param>
internal sealed class RequestChart(LevelResult level, string colour)
{
    private const int RowsMax = 160;
    private const double Left = 12;
    private const double Right = 1088;
    private const double Width = 1100;
    private const double Bottom = 36;

    private readonly List<RequestOutcome> _rows =
        [.. level.Requests.OrderBy(request => request.PlannedAt).Take(RowsMax)];

    private readonly Axis _time =
        Axis.FromZero(level.Requests.Take(RowsMax).Select(request => request.EndAt).DefaultIfEmpty(1).Max(), 10);

    /// <summary>Writes a figure.</summary>
    /// <param name="page">Page.</param>
    /// <param name="id">Unique on the page.</param>
    public void Write(Markup page, string id)
    {
        var step = Math.Clamp(420.0 / Math.Max(1, _rows.Count), 3.2, 13);
        var height = _rows.Count * step;
        page.Add($"<figure><figcaption>Requests over time, {level.Name}</figcaption>");
        WriteLegend(page);
        page.Add($"""<div class="wide"><svg class="chart" viewBox="0 0 {Width} {height + Bottom}" role="img" """)
            .Add($"""aria-labelledby="{id}t {id}d"><title id="{id}t">Requests over time, {level.Name}</title>""")
            .Add($"""<desc id="{id}d">One bar a request, in the order they were sent: {_rows.Count} """)
            .Add($"of {level.Requests.Count}.</desc>");
        foreach (var tick in _time.Ticks)
            page.Add($"""<path class="grid" d="M{Place(tick)} 0V{height}"/>""")
                .Add($"""<text class="mid" x="{Place(tick)}" y="{height + 16}">{Axis.Text(tick)}</text>""");
        foreach (var (row, request) in _rows.Index())
            WriteRow(page, request, row, row * step, Math.Max(2.2, step * 0.72));
        page.Add($"""<text class="name mid" x="{Width / 2}" y="{height + Bottom - 3}">seconds from the start</text>""")
            .AddRaw("</svg></div>");
        if (_rows.Count < level.Requests.Count)
            page.Add($"<p>The first {_rows.Count} of {level.Requests.Count} requests.</p>");
        page.AddRaw("</figure>\n");
    }

    private void WriteRow(Markup page, RequestOutcome request, int row, double y, double thick)
    {
        var hue = request.IsCompleted ? colour : Palette.Bad;
        var firstAt = request.FirstTokenAt ?? request.EndAt;
        page.Add($"""<g class="span"><title>{Tip(request, row)}</title>""");
        Bar(request.PlannedAt, firstAt, Palette.Tint(hue, 0.34));
        var lastAt = request.IsCompleted ? request.LastTokenAt : request.EndAt;
        Bar(request.FirstTokenAt ?? lastAt - _time.Ticks[^1] / 250, lastAt, hue);
        page.AddRaw("</g>");

        void Bar(double from, double to, string fill) => page
            .Add($"""<rect x="{Place(from)}" y="{y}" width="{Math.Max(0.8, Place(to) - Place(from))}" """)
            .Add($"""height="{thick}" style="fill:{fill}"/>""");
    }

    private void WriteLegend(Markup page) => page.AddRaw("""<ul class="legend">""").AddEach(
        new[]
        {
            ("waits for the first token", Palette.Tint(colour, 0.34)), ("tokens come", colour), ("failed", Palette.Bad),
        },
        (list, entry) => list.Add($"""<li><svg viewBox="0 0 22 8" aria-hidden="true"><rect width="20" height="8" """)
            .Add($"""rx="1" style="fill:{entry.Item2}"/></svg>{entry.Item1}</li>""")).AddRaw("</ul>");

    private double Place(double at) => Left + (Right - Left) * Math.Clamp(_time.Place(at), 0, 1);

    private static string Tip(RequestOutcome request, int row) => string.Create(CultureInfo.InvariantCulture,
        $"request {row + 1}: sent at {request.SentAt:0.00} s, {request.PromptTokens} tokens in, ")
        + (request.Failure is { } failure
            ? $"{failure.Name} ({failure.Message})"
            : string.Create(CultureInfo.InvariantCulture, $"{request.OutputTokens} out, ")
                + string.Create(CultureInfo.InvariantCulture,
                    $"TTFT {request.Ttft * 1000:0} ms, TPOT {request.Tpot * 1000:0.0} ms"))
        + string.Create(CultureInfo.InvariantCulture, $", over at {request.EndAt:0.00} s");
}
