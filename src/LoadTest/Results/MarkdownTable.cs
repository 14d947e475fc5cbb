using System.Text;

namespace Minka.LoadTest.Results;

/// <summary>Writes a table that reads well as it is and as Markdown: names to the left, numbers to the right.</summary>
internal static class MarkdownTable
{
    public static void Write(
        StringBuilder text, IReadOnlyList<string> head, IEnumerable<IReadOnlyList<string>> rows)
    {
        var all = rows.Prepend(head)
            .Select(row => row.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)).ToList()).ToList();
        var widths = Enumerable.Range(0, head.Count).Select(column => Math.Max(3, all.Max(row => row[column].Length)))
            .ToList();
        foreach (var (index, row) in all.Index())
        {
            text.Append("| ").AppendJoin(" | ", row.Select((cell, column) =>
                column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))).Append(" |\n");
            if (index > 0) continue;
            text.Append("| ").AppendJoin(" | ", widths.Select((width, column) =>
                column == 0 ? new string('-', width) : new string('-', width - 1) + ":")).Append(" |\n");
        }
    }
}
