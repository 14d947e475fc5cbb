namespace Minka.Models.Tests.Loading;

/// <summary>Real models beside the repository, where there are any.</summary>
internal static class SharedFiles
{
    /// <summary>The folder that <c>MINKA_SHARED</c> names, by default <c>../shared</c> beside the repository.</summary>
    public static string Root =>
        Environment.GetEnvironmentVariable("MINKA_SHARED") ?? Path.Combine(Repository, "..", "shared");

    /// <summary>The folder of <c>Minka.slnx</c>.</summary>
    public static string Repository
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Minka.slnx")))
                folder = folder.Parent;
            return folder?.FullName ?? throw new DirectoryNotFoundException("No folder above has Minka.slnx.");
        }
    }

    /// <summary>All files of a pattern below the shared folder; skips the test when there are none.</summary>
    public static IReadOnlyList<string> Find(string pattern)
    {
        string[] files = Directory.Exists(Root)
            ? [.. Directory.EnumerateFiles(Root, pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal)]
            : [];
        if (files.Length == 0) Assert.Skip($"No {pattern} below '{Root}'.");
        return files;
    }
}
