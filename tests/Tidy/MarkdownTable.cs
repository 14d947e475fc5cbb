namespace Minka.Tidy;

/// <summary>Reads the tables that documents share with tests.</summary>
internal static class MarkdownTable
{
    /// <summary>
    /// Rows of the table whose first header cell is <paramref name="firstHeader"/>, without code marks.
    /// </summary>
    /// <exception cref="InvalidDataException">There is no such table.</exception>
    public static IReadOnlyList<string[]> Read(string file, string firstHeader)
    {
        var rows = Repository.Lines(file)
            .SkipWhile(line => Cells(line) is not [var first, ..] || first != firstHeader)
            .Skip(2)
            .TakeWhile(line => line.StartsWith('|'))
            .Select(Cells)
            .ToList();
        return rows.Count > 0 ? rows : throw new InvalidDataException($"{file} has no table '{firstHeader}'.");
    }

    private static string[] Cells(string line) => !line.StartsWith('|')
        ? []
        : [.. line.Trim().Trim('|').Split('|').Select(cell => cell.Replace("`", "", StringComparison.Ordinal).Trim())];
}
