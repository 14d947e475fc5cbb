using Spectre.Console;

namespace Minka.Cli.Screen;

/// <summary>A table of words on the left and numbers on the right, which are aligned there.</summary>
internal sealed class NumberTable
{
    private readonly Table _table = new() { Border = TableBorder.Simple };

    public NumberTable(IReadOnlyList<string> words, params IEnumerable<string> numbers)
    {
        foreach (var title in words) _table.AddColumn(new TableColumn(title).NoWrap());
        foreach (var title in numbers) _table.AddColumn(new TableColumn(title).RightAligned().NoWrap());
    }

    /// <summary>There are no rows.</summary>
    public bool IsEmpty => _table.Rows.Count == 0;

    /// <summary>Cells that are missing at the end stay empty.</summary>
    public void Add(params IEnumerable<string> cells) => _table.AddRow(cells.Select(cell => new Text(cell)));

    public void Write(IAnsiConsole to) => to.Write(_table);
}
