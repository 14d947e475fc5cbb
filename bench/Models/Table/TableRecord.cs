using System.Globalization;

namespace Minka.Bench.Models.Table;

/// <summary>Samples on disk, one a line, so that a table can be measured in pieces.</summary>
internal sealed class TableRecord(string path)
{
    private readonly List<(string Piece, int Round, TableSample Sample)> _lines = Read(path);

    /// <summary>Rounds of a piece that are there.</summary>
    public int RoundsOf(string piece) =>
        _lines.Where(line => line.Piece == piece).Select(line => line.Round + 1).DefaultIfEmpty(0).Max();

    /// <summary>Writes one round of a piece.</summary>
    public void Add(string piece, IReadOnlyList<TableSample> samples)
    {
        var round = RoundsOf(piece);
        _lines.AddRange(samples.Select(sample => (piece, round, sample)));
        File.AppendAllLines(path, samples.Select(s => string.Create(CultureInfo.InvariantCulture,
            $"{piece}\t{round}\t{s.Section}\t{s.Row}\t{s.Left:R}\t{s.Right:R}\t{s.Must}")));
    }

    /// <summary>Samples by section and row, in the order of a plan.</summary>
    public IEnumerable<IGrouping<string, TableSample[]>> Rows(IEnumerable<TablePiece> plan) =>
        plan.SelectMany(piece => _lines.Where(line => line.Piece == piece.Name)
                .GroupBy(line => line.Sample.Row, line => line.Sample).Select(row => row.ToArray()))
            .GroupBy(row => row[0].Section);

    private static List<(string Piece, int Round, TableSample Sample)> Read(string path)
    {
        if (!File.Exists(path)) return [];
        return [.. File.ReadLines(path).Select(line => line.Split('\t')).Select(cells => (
            cells[0], int.Parse(cells[1], CultureInfo.InvariantCulture),
            new TableSample(cells[2], cells[3], Number(cells[4]), Number(cells[5]), cells[6])))];
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
