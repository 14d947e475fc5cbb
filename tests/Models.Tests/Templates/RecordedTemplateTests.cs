using System.Text.Json;
using Minka.Models.Templates;

namespace Minka.Models.Tests.Templates;

/// <summary>
/// Snippets of every part of the language against what Jinja2 itself made of them: <c>recorded.jsonl</c>, written by
/// <c>make_vectors.py</c>.
/// </summary>
public sealed class RecordedTemplateTests
{
    [Fact]
    public void Snippets_render_as_in_Jinja2()
    {
        var folder = SourceTree.At("tests", "Models.Tests", "Templates");
        var lines = File.ReadAllLines(Path.Combine(folder, "recorded.jsonl"));
        var variables = JsonDocument.Parse(lines[0]).RootElement;

        var differences = lines.Skip(1).Select(line => Compare(line, variables)).OfType<string>().ToList();

        Assert.True(lines.Length > 2000, $"{lines.Length} lines are recorded; over 2000 were.");
        Assert.True(differences.Count == 0, string.Join("\n", differences.Take(20)));
    }

    /// <summary>What differs, or null.</summary>
    private static string? Compare(string line, JsonElement variables)
    {
        var recorded = JsonDocument.Parse(line).RootElement;
        var source = recorded.GetProperty("source").GetString()!;
        string actual;
        try
        {
            actual = "text: " + ChatTemplate.Parse(source).Render(InputOf(variables));
        }
        catch (TemplateException fault)
        {
            actual = fault.IsRaised ? "raised: " + fault.Message : "failed";
        }

        var expected = recorded.TryGetProperty("text", out var text) ? "text: " + text.GetString()
            : recorded.TryGetProperty("raised", out var raised) ? "raised: " + raised.GetString()
            : "failed";
        return actual == expected ? null : $"{source}\n  Jinja2 {expected}\n  here   {actual}";
    }

    private static ChatTemplateInput InputOf(JsonElement variables) => new()
    {
        Messages = TemplateValue.FromJson(variables.GetProperty("messages")),
        Variables = variables.EnumerateObject()
            .ToDictionary(property => property.Name, property => TemplateValue.FromJson(property.Value)),
        Time = StoppedClock.NewYear,
    };
}
