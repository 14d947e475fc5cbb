using System.Globalization;
using System.Text;

namespace Minka.Collectives.Choosing;

/// <summary>What was measured at the start, and what was chosen. The same on every rank.</summary>
/// <param name="LatencySeconds">One way, small message, the mean over ranks of their median links.</param>
/// <param name="BytesPerSecond">Of the slowest link while all neighbours send.</param>
/// <param name="Rows">By message size.</param>
public sealed record CollectiveTuning(
    double LatencySeconds, double BytesPerSecond, IReadOnlyList<TuningRow> Rows)
{
    /// <summary>One line about the links and one per message size, with the times that decided.</summary>
    public string Describe()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture,
            $"links: {LatencySeconds * 1e6:0} us one way, {BytesPerSecond / 1e6:0} MB/s");
        foreach (var row in Rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{row.Bytes / 1024,5} KiB: {row.Algorithm,-8} (us:");
            foreach (var time in row.Times)
                text.Append(CultureInfo.InvariantCulture, $" {time.Algorithm} {Text(time)}");
            text.Append(')');
        }
        return text.ToString();
    }

    private static string Text(AlgorithmTime time) => time.IsMeasured
        ? (time.Seconds * 1e6).ToString("0", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"~{time.Seconds * 1e6:0}");
}

/// <summary>The choice for one message size.</summary>
/// <param name="Bytes">Encoded size of the message.</param>
/// <param name="Algorithm">The fastest.</param>
/// <param name="Times">Of all algorithms.</param>
public sealed record TuningRow(int Bytes, string Algorithm, IReadOnlyList<AlgorithmTime> Times);

/// <summary>How long one algorithm takes.</summary>
/// <param name="Algorithm">Its name.</param>
/// <param name="Seconds">Median at the slowest rank, or what the link's costs predict.</param>
/// <param name="IsMeasured">False if the prediction was so far off the best that measuring it was not worth it.</param>
public readonly record struct AlgorithmTime(string Algorithm, double Seconds, bool IsMeasured);
