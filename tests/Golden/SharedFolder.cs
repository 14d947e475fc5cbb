namespace Minka.Golden;

/// <summary>
/// The folder of real weights and golden answers: <c>MINKA_SHARED</c>, else <c>../shared</c> beside the project.
/// </summary>
internal static class SharedFolder
{
    /// <summary>Joins a path below the shared folder.</summary>
    public static string At(params ReadOnlySpan<string> parts) => Path.Combine([SourceTree.Shared, .. parts]);

    /// <summary>
    /// Folders directly below one of the shared folder's, by name; one empty name when there are none.
    /// </summary>
    /// <remarks>
    /// A theory without rows is an error, so an absent folder is one row that <see cref="Require"/> skips.
    /// </remarks>
    public static TheoryData<string> Cases(string folder, Func<string, bool>? where = null)
    {
        var path = At(folder);
        var folders = Directory.Exists(path) ? Directory.GetDirectories(path) : [];
        var data = new TheoryData<string>();
        foreach (var name in folders.Where(where ?? (_ => true)).Select(Path.GetFileName).Order(StringComparer.Ordinal))
            data.Add(name!);
        if (data.Count == 0) data.Add("");
        return data;
    }

    /// <summary>The folder of a case; skips the test when the shared folder has none.</summary>
    public static string Require(string folder, string name)
    {
        if (name.Length == 0)
            Assert.Skip($"{At(folder)} is absent or has no case; set MINKA_SHARED to a folder that has it.");
        return At(folder, name);
    }
}
