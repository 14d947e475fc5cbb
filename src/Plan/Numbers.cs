using System.Globalization;

namespace Minka.Plan;

/// <summary>Arithmetic of cutting: exact, and without overflow.</summary>
internal static class Numbers
{
    public static int LeastCommonMultiple(int a, int b) => checked(a / GreatestCommonDivisor(a, b) * b);

    /// <summary><c>bytes * part / whole</c>, rounded up.</summary>
    public static long Share(long bytes, long part, long whole) =>
        whole == 0 ? 0 : checked((long)((((Int128)bytes * part) + whole - 1) / whole));

    /// <summary>Bytes for people, in GiB.</summary>
    public static string Gibibytes(long bytes) =>
        (bytes / (double)(1L << 30)).ToString(bytes < 10L << 30 ? "0.00" : "0.0", CultureInfo.InvariantCulture);

    /// <summary>
    /// Divides <paramref name="units"/> by weight so that no part is a whole unit away from its due
    /// (largest remainder; the earlier part on a tie).
    /// </summary>
    public static int[] Apportion(int units, ReadOnlySpan<double> weights)
    {
        var total = 0.0;
        foreach (var weight in weights) total += weight;
        var counts = new int[weights.Length];
        var remainders = new double[weights.Length];
        var left = units;
        for (var i = 0; i < weights.Length; i++)
        {
            var due = units * (weights[i] / total);
            counts[i] = Math.Min((int)due, left);
            remainders[i] = due - counts[i];
            left -= counts[i];
        }
        for (; left > 0; left--)
        {
            var most = 0;
            for (var i = 1; i < weights.Length; i++)
                if (remainders[i] > remainders[most] + 1e-9) most = i;
            counts[most]++;
            remainders[most]--;
        }
        return counts;
    }

    /// <summary>
    /// Cuts <c>[start, start + total)</c> by weight at multiples of <paramref name="unit"/> from start.
    /// </summary>
    public static IndexRange[] Cut(int start, int total, int unit, ReadOnlySpan<double> weights)
    {
        var counts = Apportion((total + unit - 1) / unit, weights);
        var ranges = new IndexRange[counts.Length];
        var at = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            var end = (int)Math.Min(total, at + ((long)counts[i] * unit));
            ranges[i] = new(start + at, start + end);
            at = end;
        }
        return ranges;
    }

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);
}
