namespace Minka.Tidy;

/// <summary>A source file, its text, and its code alone (comments and literals blanked, same length).</summary>
/// <param name="File">Relative to the root, with slashes.</param>
/// <param name="Text">As it lies on disk.</param>
/// <param name="Code">Same length; comments and the insides of literals are spaces.</param>
internal sealed record CSharpFile(string File, string Text, string Code)
{
    /// <summary>Folder, relative to the root.</summary>
    public string Folder => File[..File.LastIndexOf('/')];

    /// <summary>First folder below src; null for tests and benches.</summary>
    public string? Room => File.StartsWith("src/", StringComparison.Ordinal) ? File.Split('/')[1] : null;

    /// <summary>Lines; the newline at the end of the file does not begin another.</summary>
    public string[] Lines => Text.TrimEnd('\n').Split('\n');

    public static CSharpFile Read(string path)
    {
        var text = System.IO.File.ReadAllText(path);
        return new CSharpFile(Repository.Relative(path), text, CodeOnly.Blank(text));
    }
}
