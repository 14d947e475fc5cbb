using System.Text.RegularExpressions;

namespace Minka.Tidy;

/// <summary>Documents stay short, and what they point at is there.</summary>
public sealed partial class DocumentRules
{
    private static readonly (string File, int LinesMax)[] _budgets =
        [("README.md", 150), ("ARCHITECTURE.md", 350), ("CONTRIBUTING.md", 150)];

    [Fact]
    public void Documents_stay_short() => Report.AssertNone(
        from document in _budgets
        let lines = Repository.Lines(document.File).Length
        where lines > document.LinesMax
        select $"{document.File}: {lines} lines, at most {document.LinesMax}");

    [Fact]
    public void Links_lead_somewhere() => Report.AssertNone(
        from text in Documents()
        from line in text.Lines.Index()
        from match in Link().Matches(line.Item)
        let target = match.Groups[1].Value.Split('#')[0]
        where target.Length > 0 && !target.Contains("://", StringComparison.Ordinal)
        let folder = Path.GetDirectoryName(text.File)!
        where !Path.Exists(Path.Combine(Repository.Root, folder, target))
        select $"{text.File}:{line.Index + 1}: links to {target}, which is not there");

    [Fact]
    public void Files_that_documents_name_are_there() => Report.AssertNone(
        from text in Documents()
        from line in text.Lines.Index()
        from match in SourcePath().Matches(line.Item)
        where !Path.Exists(Path.Combine(Repository.Root, match.Groups[1].Value))
        select $"{text.File}:{line.Index + 1}: names {match.Groups[1].Value}, which is not there");

    [Fact]
    public void Decisions_are_numbered_without_gaps()
    {
        var numbers = Directory.GetFiles(Path.Combine(Repository.Root, "docs/decisions"), "*.md")
            .Select(file => Path.GetFileName(file)[..4]).Order().ToList();

        Assert.Equal([.. Enumerable.Range(1, numbers.Count).Select(number => $"{number:D4}")], numbers);
    }

    private static IEnumerable<(string File, string[] Lines)> Documents() =>
        Repository.Texts().Where(text => text.File.EndsWith(".md", StringComparison.Ordinal)
            && !text.File.StartsWith("models/", StringComparison.Ordinal));

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`((?:src|tests|docs|bench|eng|examples|models)/[\w./-]+)`")]
    private static partial Regex SourcePath();
}
