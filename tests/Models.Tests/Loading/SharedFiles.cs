namespace Minka.Models.Tests.Loading;

/// <summary>Real models beside the repository, where there are any.</summary>
internal static class SharedFiles
{
    /// <summary>All files of a pattern below the shared folder; skips the test when there are none.</summary>
    public static IReadOnlyList<string> Find(string pattern)
    {
        var root = SourceTree.Shared;
        string[] files = Directory.Exists(root)
            ? [.. Directory.EnumerateFiles(root, pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal)]
            : [];
        if (files.Length == 0) Assert.Skip($"No {pattern} below '{root}'.");
        return files;
    }
}
