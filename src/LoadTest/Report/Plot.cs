using System.Globalization;
using System.Text;

namespace Minka.LoadTest.Report;

/// <summary>One plot as SVG, which scales with its column and takes its colours from the page.</summary>
internal sealed record Plot
{
    private const double Width = 440;
    private const double Height = 280;
    private const double Left = 58;
    private const double Right = Width - 14;
    private const double Top = 12;
    private const double Bottom = Height - 42;

    public required string Title { get; init; }

    /// <summary>What it shows, for those who do not see it.</summary>
    public required string Description { get; init; }

    public required Axis X { get; init; }

    public required Axis Y { get; init; }

    public required string XLabel { get; init; }

    public required string YLabel { get; init; }

    public IReadOnlyList<PlotLine> Lines { get; init; } = [];

    public IReadOnlyList<PlotBar> Bars { get; init; } = [];

    /// <summary>Words under groups of bars, instead of ticks.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    public IReadOnlyList<PlotLimit> Limits { get; init; } = [];

    /// <summary>Writes a figure: heading, legend, picture.</summary>
    /// <param name="page">Page.</param>
    /// <param name="id">Unique on the page.</param>
    public void Write(Markup page, string id)
    {
        page.Add($"<figure><figcaption>{Title}</figcaption>");
        WriteLegend(page);
        page.Add($"""<svg viewBox="0 0 {Width} {Height}" role="img" aria-labelledby="{id}t {id}d">""")
            .Add($"""<title id="{id}t">{Title}</title><desc id="{id}d">{Description}</desc>""");
        WriteGrid(page);
        foreach (var bar in Bars) WriteBar(page, bar);
        foreach (var limit in Limits) WriteLimit(page, limit);
        foreach (var line in Lines) WriteLine(page, line);
        page.AddRaw("</svg></figure>\n");
    }

    private void WriteLegend(Markup page)
    {
        var named = Lines.Where(line => line.Name.Length > 0).ToList();
        if (named.Count < 2) return;
        page.AddRaw("""<ul class="legend">""").AddEach(named, (list, line) => list
            .Add($"""<li><svg viewBox="0 0 22 8" aria-hidden="true"><path d="M1 4H21" style="stroke:{line.Colour}" """)
            .Add($"""stroke-dasharray="{line.Dash}"/></svg>{line.Name}</li>""")).AddRaw("</ul>");
    }

    private void WriteGrid(Markup page)
    {
        foreach (var tick in Y.Ticks)
            page.Add($"""<path class="grid" d="M{Left} {PlaceY(tick)}H{Right}"/>""")
                .Add($"""<text class="end" x="{Left - 7}" y="{PlaceY(tick) + 4}">{Axis.Text(tick)}</text>""");
        foreach (var (i, name) in Groups.Index())
            page.Add($"""<text class="mid" x="{GroupCentre(i)}" y="{Bottom + 17}">{name}</text>""");
        if (Groups.Count == 0)
            foreach (var tick in X.Ticks)
                page.Add($"""<text class="mid" x="{PlaceX(tick)}" y="{Bottom + 17}">{Axis.Text(tick)}</text>""");
        page.Add($"""<path class="axis" d="M{Left} {Bottom}H{Right}"/>""")
            .Add($"""<text class="name mid" x="{(Left + Right) / 2}" y="{Height - 6}">{XLabel}</text>""")
            .Add($"""<text class="name mid" transform="translate(11 {(Top + Bottom) / 2}) rotate(-90)">""")
            .Add($"{YLabel}</text>");
    }

    private void WriteLine(Markup page, PlotLine line)
    {
        if (line.Points.Count == 0) return;
        var path = Path(line.Points);
        if (line.IsArea)
            page.Add($"""<path class="area" style="fill:{line.Colour}" """)
                .Add($"""d="{path}V{Bottom}H{PlaceX(line.Points[0].X)}Z"/>""");
        page.Add($"""<path class="line" style="stroke:{line.Colour}" stroke-dasharray="{line.Dash}" d="{path}"/>""");
        foreach (var point in line.Points.Where(point => point.Tip.Length > 0))
        {
            var (x, y) = (PlaceX(point.X), PlaceY(point.Y));
            page.Add($"""<g class="mark" style="fill:{line.Colour}"><title>{point.Tip}</title>""")
                .Add($"""<circle class="hit" cx="{x}" cy="{y}" r="11"/>""")
                .Add($"""<circle class="dot" cx="{x}" cy="{y}" r="4"/></g>""");
            var isAtRight = X.Place(point.X) > 0.8;
            if (point.Label.Length > 0)
                page.Add($"""<text class="halo {(isAtRight ? "end" : "")}" x="{x + (isAtRight ? -9 : 8)}" """)
                    .Add($"""y="{y - 8}">{point.Label}</text>""");
        }
    }

    private string Path(IReadOnlyList<PlotPoint> points)
    {
        var path = new StringBuilder();
        foreach (var point in points)
            path.Append(path.Length == 0 ? 'M' : 'L')
                .Append(CultureInfo.InvariantCulture, $"{PlaceX(point.X):0.#} {PlaceY(point.Y):0.#}");
        return path.ToString();
    }

    private void WriteBar(Markup page, PlotBar bar)
    {
        const double gap = 2;
        var width = Math.Min(44, (Right - Left) / Groups.Count * 0.7 / bar.Slot.Count);
        var left = GroupCentre(bar.Group) - width * bar.Slot.Count / 2 + width * bar.Slot.Index;
        var y = PlaceY(bar.Value);
        page.Add($"""<rect class="bar" style="fill:{bar.Colour}" x="{left + gap / 2}" y="{y}" width="{width - gap}" """)
            .Add($"""height="{Bottom - y}" rx="2"><title>{bar.Tip}</title></rect>""");
    }

    private void WriteLimit(Markup page, PlotLimit limit)
    {
        var place = (limit.IsVertical ? X : Y).Place(limit.Value);
        if (place is < 0 or > 1) return;
        if (limit.IsVertical)
        {
            var (x, isAtRight) = (PlaceX(limit.Value), place > 0.7);
            page.Add($"""<path class="limit" d="M{x} {Top}V{Bottom}"/><text class="halo {(isAtRight ? "end" : "")}" """)
                .Add($"""x="{x + (isAtRight ? -5 : 5)}" y="{Bottom - 8}">{limit.Label}</text>""");
        }
        else
        {
            var y = PlaceY(limit.Value);
            page.Add($"""<path class="limit" d="M{Left} {y}H{Right}"/><text class="halo" x="{Left + 6}" y="{y - 5}">""")
                .Add($"{limit.Label}</text>");
        }
    }

    private double GroupCentre(int group) => Left + (Right - Left) * (group + 0.5) / Groups.Count;

    private double PlaceX(double value) => Left + (Right - Left) * Math.Clamp(X.Place(value), 0, 1);

    private double PlaceY(double value) => Bottom - (Bottom - Top) * Math.Clamp(Y.Place(value), 0, 1);
}
