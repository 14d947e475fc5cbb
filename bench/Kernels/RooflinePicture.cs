using System.Globalization;
using System.Text;
using Minka.Compute;

namespace Minka.Bench.Kernels;

/// <summary>Points under their roofs on logarithmic axes, as an SVG.</summary>
internal static class RooflinePicture
{
    private const double Width = 960, Height = 620, Left = 70, Right = 200, Top = 50, Bottom = 60;
    private const double LabelHeight = 14;
    private const double IntensityMin = 0.25, IntensityMax = 2048, RateMin = 4, RateMax = 2048;

    private static readonly Dictionary<DType, string> _colors = new()
    {
        [DType.Q4_0] = "#c0392b",
        [DType.Q4_1] = "#e67e22",
        [DType.Q5_0] = "#b7950b",
        [DType.Q8_0] = "#27823d",
        [DType.F16] = "#2471a3",
        [DType.F32] = "#7d3c98",
    };

    /// <summary>The whole picture.</summary>
    public static string Draw(IReadOnlyList<RooflinePoint> points, string machine, int threads)
    {
        var svg = new StringBuilder();
        Line(svg, $"<svg xmlns='http://www.w3.org/2000/svg' width='{Width}' height='{Height}' "
            + $"viewBox='0 0 {Width} {Height}' font-family='sans-serif' font-size='12'>");
        Line(svg, $"<rect width='{Width}' height='{Height}' fill='white'/>");
        Text(svg, Left, 24, $"{machine}, {threads} thread{(threads == 1 ? "" : "s")}: operations under their limits",
            "font-size='16'");
        Axes(svg);
        var label = double.MinValue;
        foreach (var roof in points.GroupBy(p => (p.Tier, p.IsFloat))
            .OrderByDescending(roof => roof.Max(p => p.OperationLimit)))
            label = Roof(svg, [.. roof], label);
        foreach (var point in points.Where(p => p.Intensity is >= IntensityMin and <= IntensityMax)) Point(svg, point);
        Legend(svg, points);
        Line(svg, $"</svg>");
        return svg.ToString();
    }

    private static void Axes(StringBuilder svg)
    {
        for (var x = IntensityMin; x <= IntensityMax; x *= 2)
        {
            Line(svg, $"<line x1='{X(x):F1}' x2='{X(x):F1}' y1='{Top}' y2='{Height - Bottom}' stroke='#eee'/>");
            Text(svg, X(x), Height - Bottom + 18, x.ToString(CultureInfo.InvariantCulture), "text-anchor='middle'");
        }
        for (var y = RateMin; y <= RateMax; y *= 2)
        {
            Line(svg, $"<line x1='{Left}' x2='{Width - Right}' y1='{Y(y):F1}' y2='{Y(y):F1}' stroke='#eee'/>");
            Text(svg, Left - 8, Y(y) + 4, y.ToString(CultureInfo.InvariantCulture), "text-anchor='end'");
        }
        Text(svg, (Left + Width - Right) / 2, Height - 14, "operations per byte of weights, or of keys and values",
            "text-anchor='middle'");
        Text(svg, 14, Top - 12, "GOP/s", "");
    }

    /// <summary>Returns where its label stands; the next one must be lower.</summary>
    private static double Roof(StringBuilder svg, RooflinePoint[] points, double labelBefore)
    {
        var operations = points.Max(p => p.OperationLimit) / 1e9;
        var bytes = points.Max(p => p.ReadLimit) / 1e9;
        var ridge = operations / bytes;
        var start = Math.Max(IntensityMin, RateMin / bytes);
        Line(svg, $"<polyline fill='none' stroke='#555' stroke-width='1.2' points='{X(start):F1},{Y(start * bytes):F1} "
            + $"{X(ridge):F1},{Y(operations):F1} {X(IntensityMax):F1},{Y(operations):F1}'/>");
        var kind = points[0].IsFloat ? "floats" : "bytes";
        var label = string.Create(
            CultureInfo.InvariantCulture, $"{points[0].Tier} {kind}: {operations:F0} GOP/s");
        var place = Math.Max(Y(operations) + 4, labelBefore + LabelHeight);
        Text(svg, Width - Right + 4, place, label, "fill='#555'");
        return place;
    }

    private static void Point(StringBuilder svg, RooflinePoint point)
    {
        var (x, y) = (X(point.Intensity), Y(point.OperationsPerSecond / 1e9));
        var color = _colors.GetValueOrDefault(point.Type, "#333");
        var fill = point.Tier.Contains("512", StringComparison.Ordinal) ? color : "white";
        var rate = string.Create(CultureInfo.InvariantCulture,
            $"{point.OperationsPerSecond / 1e9:F0} GOP/s, {point.BytesPerSecond / 1e9:F1} GB/s");
        var form = point.Name == "product"
            ? string.Create(CultureInfo.InvariantCulture, $"circle cx='{x:F1}' cy='{y:F1}' r='4'")
            : string.Create(CultureInfo.InvariantCulture, $"rect x='{x - 4:F1}' y='{y - 4:F1}' width='8' height='8'");
        Line(svg, $"<{form} fill='{fill}' stroke='{color}' stroke-width='1.5'><title>{point.Name} {point.Type} "
            + $"{point.Tier}, {point.Tokens} tokens: {rate}</title></{form.Split(' ')[0]}>");
    }

    private static void Legend(StringBuilder svg, IReadOnlyList<RooflinePoint> points)
    {
        var y = Height - Bottom - 150;
        foreach (var type in points.Select(p => p.Type).Distinct())
        {
            var color = _colors.GetValueOrDefault(type, "#333");
            Line(svg, $"<circle cx='{Width - Right + 24}' cy='{y - 4:F1}' r='4' fill='{color}'/>");
            Text(svg, Width - Right + 36, y, type.ToString(), "");
            y += 16;
        }
        Text(svg, Width - Right + 16, y, "circles: products", "");
        Text(svg, Width - Right + 16, y + 16, "squares: attention at 4096", "");
        Text(svg, Width - Right + 16, y + 32, "filled: AVX-512, hollow: less", "");
    }

    private static double X(double intensity) => Left
        + ((Width - Left - Right) * Math.Log(intensity / IntensityMin) / Math.Log(IntensityMax / IntensityMin));

    private static double Y(double rate) => Height - Bottom
        - ((Height - Top - Bottom) * Math.Log(rate / RateMin) / Math.Log(RateMax / RateMin));

    private static void Text(StringBuilder svg, double x, double y, string text, string style) =>
        Line(svg, $"<text x='{x:F1}' y='{y:F1}' {style}>{text}</text>");

    // Numbers need no culture: the program has none (InvariantGlobalization).
    private static void Line(StringBuilder svg, string line) => svg.AppendLine(line);
}
