namespace Minka.Server.Metrics;

/// <summary>The rules for names in Prometheus' text format.</summary>
internal static class MetricName
{
    /// <summary>Throws unless the name may be the name of such a metric.</summary>
    public static void Check(string name, MetricKind kind)
    {
        if (!IsName(name, colons: true))
            throw new ArgumentException($"'{name}' is no metric name: letters, digits, '_' and ':' only.");
        // A colon names another program's metric, which ends as it does there: vLLM has a histogram '_total'.
        var isTotal = name.EndsWith("_total", StringComparison.Ordinal);
        if (kind == MetricKind.Counter ? !isTotal : isTotal && !name.Contains(':', StringComparison.Ordinal))
            throw new ArgumentException($"'{name}' is a {kind}; names end in '_total' if they count, and only then.");
    }

    /// <summary>Throws unless a series may have such a label.</summary>
    public static void CheckLabel(string name, MetricKind kind)
    {
        if (!IsName(name, colons: false) || name.StartsWith("__", StringComparison.Ordinal))
            throw new ArgumentException($"'{name}' is no label name: letters, digits and '_' only, not '__' first.");
        if (name == "le" && kind == MetricKind.Histogram)
            throw new ArgumentException("'le' is the label of a histogram's own buckets; take another.");
    }

    private static bool IsName(string name, bool colons)
    {
        if (name.Length == 0 || char.IsAsciiDigit(name[0])) return false;
        foreach (var letter in name)
            if (!char.IsAsciiLetterOrDigit(letter) && letter != '_' && !(colons && letter == ':')) return false;
        return true;
    }
}
