using System.Globalization;
using System.Text;

namespace Minka.Bench.Engine;

/// <summary>Rows that were measured, in a file where one is named, and the table they make: a column for each
/// model.</summary>
internal sealed class EngineRecord
{
    /// <summary>For what no model has part in.</summary>
    public const string Any = "any";

    private readonly string _path;
    private readonly List<(string What, string Wanted, string Model, double Value)> _entries = [];

    public EngineRecord(string path)
    {
        _path = path;
        if (!File.Exists(path)) return;
        foreach (var line in File.ReadLines(path))
        {
            var cells = line.Split('\t');
            _entries.Add((cells[0], cells[1], cells[2], double.Parse(cells[3], CultureInfo.InvariantCulture)));
        }
    }

    public string Machine { get; set; } = "";

    public bool Has(string what, string model) => _entries.Any(entry => entry.What == what && entry.Model == model);

    public void Add(string what, string wanted, string model, double value)
    {
        _entries.Add((what, wanted, model, value));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{model}: {what}: {value:F2} ({wanted})"));
        if (_path.Length > 0)
            File.AppendAllText(_path,
                string.Create(CultureInfo.InvariantCulture, $"{what}\t{wanted}\t{model}\t{value:F4}\n"));
    }

    /// <summary>In Markdown.</summary>
    public string Table
    {
        get
        {
            var models = _entries.Select(entry => entry.Model).Where(model => model != Any).Distinct().ToArray();
            var text = new StringBuilder().AppendLine(Machine).AppendLine();
            text.AppendLine(CultureInfo.InvariantCulture, $"| what | {string.Join(" | ", models)} | wanted |");
            text.Append("| --- |").Insert(text.Length, " --: |", models.Length + 1).AppendLine();
            foreach (var row in _entries.GroupBy(entry => (entry.What, entry.Wanted)))
            {
                var cells = models.Select(model => row.FirstOrDefault(entry => entry.Model == model
                    || entry.Model == Any) is { What: not null } entry ? Digits(entry.Value) : "");
                text.AppendLine(CultureInfo.InvariantCulture,
                    $"| {row.Key.What} | {string.Join(" | ", cells)} | {row.Key.Wanted} |");
            }
            return text.ToString();
        }
    }

    private static string Digits(double value) => double.IsNaN(value) ? "no chat template"
        : value.ToString(value == Math.Round(value) ? "F0" : value >= 10 ? "F1" : "F2", CultureInfo.InvariantCulture);
}
