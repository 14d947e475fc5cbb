using System.Buffers;
using System.Globalization;
using System.Text;

namespace Minka.Server.Metrics;

/// <summary>Prometheus' text format 0.0.4, line by line.</summary>
internal static class PrometheusText
{
    /// <summary>The lines that introduce a family.</summary>
    public static void Head(IBufferWriter<byte> to, string name, string help, MetricKind kind)
    {
        var type = kind switch
        {
            MetricKind.Counter => "counter",
            MetricKind.Gauge => "gauge",
            _ => "histogram",
        };
        Put(to, $"# HELP {name} {Escape(help, quotes: false)}\n# TYPE {name} {type}\n");
    }

    /// <summary>One sample.</summary>
    /// <param name="to">Where the line goes.</param>
    /// <param name="name">Name of the sample.</param>
    /// <param name="labels">What <see cref="Labels"/> made of its labels.</param>
    /// <param name="value">Its value.</param>
    public static void Write(IBufferWriter<byte> to, string name, string labels, double value) =>
        Put(to, labels.Length == 0 ? $"{name} {Number(value)}\n" : $"{name}{{{labels}}} {Number(value)}\n");

    /// <summary>The samples of a histogram. Counts are read once, so buckets never disagree with the count.</summary>
    /// <param name="to">Where the lines go.</param>
    /// <param name="name">Name of the family.</param>
    /// <param name="labels">What <see cref="Labels"/> made of its labels.</param>
    /// <param name="histogram">The counts.</param>
    /// <param name="shown">The bounds to show, some of the histogram's own; null for all.</param>
    public static void Write(
        IBufferWriter<byte> to, string name, string labels, Histogram histogram, double[]? shown = null)
    {
        var sum = histogram.Sum;
        var count = 0L;
        var before = labels.Length == 0 ? "" : labels + ",";
        for (var i = 0; i < histogram.Bounds.Length; i++)
        {
            count += histogram.CountOf(i);
            if (shown is not null && Array.BinarySearch(shown, histogram.Bounds[i]) < 0) continue;
            Put(to, $"{name}_bucket{{{before}le=\"{Number(histogram.Bounds[i])}\"}} {Number(count)}\n");
        }
        count += histogram.CountOf(histogram.Bounds.Length);
        Put(to, $"{name}_bucket{{{before}le=\"+Inf\"}} {Number(count)}\n");
        Write(to, name + "_sum", labels, sum);
        Write(to, name + "_count", labels, count);
    }

    /// <summary>Labels as they stand between braces: <c>a="1",b="2"</c>.</summary>
    public static string Labels(IReadOnlyList<string> names, IReadOnlyList<string> values) =>
        string.Join(',', names.Select((name, i) => $"{name}=\"{Escape(values[i], quotes: true)}\""));

    private static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf"
        : double.IsNegativeInfinity(value) ? "-Inf"
        : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Escape(string text, bool quotes)
    {
        var escaped = text.Replace("\\", @"\\", StringComparison.Ordinal)
            .Replace("\n", @"\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }

    private static void Put(IBufferWriter<byte> to, string line) => Encoding.UTF8.GetBytes(line, to);
}
