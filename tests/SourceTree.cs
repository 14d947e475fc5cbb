namespace Minka;

/// <summary>Where a test finds what lies in the repository, and beside it; part of every test project.</summary>
internal static class SourceTree
{
    /// <summary>The folder of <c>Minka.slnx</c>, above the test program.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Real weights and golden answers: <c>MINKA_SHARED</c>, else <c>../shared</c>; may be absent.</summary>
    public static string Shared { get; } = Path.GetFullPath(
        Environment.GetEnvironmentVariable("MINKA_SHARED") is { Length: > 0 } named
            ? named : Path.Combine(Root, "..", "shared"));

    /// <summary>The folder of the model that ships with the program.</summary>
    public static string BuiltInFolder => At("models", "minka-tiny");

    /// <summary>The file that <c>minka run</c> takes without <c>-m</c>.</summary>
    public static string BuiltInModel => At("models", "minka-tiny", "minka-tiny.Q8_0.gguf");

    /// <summary>The program as <c>./minka</c> and <c>./check</c> build it.</summary>
    public static string Program => At("artifacts", "bin", "Minka.Cli", "release", "minka.dll");

    /// <summary>Joins a path below <see cref="Root"/>.</summary>
    public static string At(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    private static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "Minka.slnx"))) return folder;
        throw new DirectoryNotFoundException($"No Minka.slnx in {AppContext.BaseDirectory} or above it.");
    }
}
