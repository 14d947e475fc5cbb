using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Minka.Server.Metrics;

namespace Minka.Server.Tests.Metrics;

/// <summary>What is written about metrics names those that exist; <c>MINKA_REWRITE=1</c> writes the table
/// anew.</summary>
public sealed class MetricDocumentTests
{
    private const string Begin = "<!-- metrics -->\n", End = "<!-- end -->";

    private readonly IReadOnlyList<MetricFamily> _families;

    public MetricDocumentTests()
    {
        var registry = new MetricRegistry();
        _ = new ServingMetrics(registry);
        _ = new ProcessMetrics(registry, "1");
        _families = registry.Families;
    }

    [Fact]
    public void The_page_lists_every_metric_as_it_is()
    {
        var path = SourceTree.At("docs", "metrics.md");
        var page = File.ReadAllText(path);
        var start = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = page.IndexOf(End, StringComparison.Ordinal);
        var table = Table();
        if (Environment.GetEnvironmentVariable("MINKA_REWRITE") == "1")
            File.WriteAllText(path, page[..start] + table + page[end..]);

        Assert.Equal(table, File.ReadAllText(path)[start..].Split(End)[0]);
    }

    [Fact]
    public void The_dashboard_asks_for_metrics_that_exist()
    {
        var path = SourceTree.At("examples", "grafana", "minka.json");
        using var board = JsonDocument.Parse(File.ReadAllText(path));
        var names = _families.SelectMany(family => family.Names.SelectMany(name =>
            family.Kind == MetricKind.Histogram ? [$"{name}_bucket", $"{name}_sum", $"{name}_count"] : new[] { name }))
            .ToHashSet();
        var questions = board.RootElement.GetProperty("panels").EnumerateArray()
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Select(target => target.GetProperty("expr").GetString()!).ToList();

        var asked = questions.SelectMany(text => Regex.Matches(text, @"\b(minka|vllm|process)[:_]\w+"))
            .Select(match => match.Value).Distinct().ToList();

        Assert.True(asked.Count > 20, $"{asked.Count} metrics are asked for");
        Assert.DoesNotContain(asked, name => !names.Contains(name));
    }

    private string Table()
    {
        var table = new StringBuilder("\n| Metric | Type | Labels | What it says |\n| --- | --- | --- | --- |\n");
        foreach (var family in _families)
        {
            var names = string.Join("<br>", family.Names.Select(name => $"`{name}`"));
            table.Append($"| {names} | {family.Kind.ToString().ToLowerInvariant()} | ")
                .Append($"{string.Join(", ", family.Labels)} | {family.Help} |\n");
        }
        return table.Append('\n').ToString();
    }
}
