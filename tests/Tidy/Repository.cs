namespace Minka.Tidy;

/// <summary>The tree under test, found by walking up to the solution.</summary>
internal static class Repository
{
    private static readonly string[] _notOurs = [".git", ".vs", ".idea", "artifacts", "TestResults"];
    private static readonly string[] _binary = [".gguf", ".safetensors", ".png", ".bin", ".m", ".t"];

    /// <summary>Absolute path of the tree.</summary>
    public static string Root => SourceTree.Root;

    /// <summary>Every C# file of src, tests and bench.</summary>
    public static IReadOnlyList<CSharpFile> CSharp { get; } =
        [.. Files().Where(file => file.EndsWith(".cs", StringComparison.Ordinal)).Select(CSharpFile.Read)];

    /// <summary>Every file a person wrote that is text.</summary>
    public static IEnumerable<(string File, string[] Lines)> Texts() =>
        from file in Files()
        where Path.GetFileName(file) != ".git" && !_binary.Contains(Path.GetExtension(file))
        select (Relative(file), File.ReadAllLines(file));

    /// <summary>Lines of one file, named relative to the root.</summary>
    public static string[] Lines(string file) => File.ReadAllLines(Path.Combine(Root, file));

    /// <summary>Folders of src that hold C# files, as in <c>Models/Loading</c>.</summary>
    public static IEnumerable<string> SourceFolders() =>
        CSharp.Where(file => file.Room is not null).Select(file => file.Folder["src/".Length..]).Distinct();

    public static string Relative(string file) => Path.GetRelativePath(Root, file).Replace('\\', '/');

    private static IEnumerable<string> Files() => Walk(Root).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Walk(string folder) =>
        Directory.EnumerateFiles(folder).Concat(Directory.EnumerateDirectories(folder)
            .Where(child => !_notOurs.Contains(Path.GetFileName(child)))
            .SelectMany(Walk));
}
