using System.Globalization;
using Minka.Cli.Measuring;
using Minka.Models;
using Spectre.Console;

namespace Minka.Cli.Inspecting;

/// <summary>An inspection for people.</summary>
internal static class InspectionText
{
    private const int TemplateLinesMax = 6;

    public static void Write(Inspection inspection, bool wantsTensors, Terminal terminal)
    {
        foreach (var (label, value) in Facts(inspection))
            terminal.Out.WriteLine($"{terminal.Bold(label.PadRight(13))} {value}");
        var tables = terminal.Tables();
        tables.Write(Types(inspection));
        if (wantsTensors) tables.Write(Tensors(inspection));
        WriteTemplate(inspection, terminal);
    }

    private static IEnumerable<(string Label, string Value)> Facts(Inspection inspection)
    {
        yield return ("file", inspection.File.Path);
        yield return ("format", inspection.File.Format);
        yield return ("size", $"{BenchReport.Size(inspection.Bytes)} in {inspection.File.Stored.Count} tensors, "
            + $"{BenchReport.Count(inspection.Parameters)} parameters");
        if (inspection.Config is { } config)
            foreach (var fact in Facts(config)) yield return fact;
        else
            yield return ("cannot run", inspection.ConfigProblem!);
        yield return ("tokenizer", inspection.Tokenizer is { } tokenizer
            ? $"{tokenizer.Kind}, {tokenizer.VocabularySize} tokens" : inspection.TokenizerProblem!);
        yield return ("sampling", Suggestion(inspection));
    }

    private static IEnumerable<(string Label, string Value)> Facts(ModelConfig config)
    {
        var (heads, rope) = (config.Heads, config.Rope);
        yield return ("architecture", config.Architecture + (config.Name is { } name ? $" ({name})" : ""));
        yield return ("context", $"{config.ContextLength} positions{Windows(config)}");
        yield return ("layers", $"{config.Layers} of width {config.Width}"
            + (config.FeedForwardWidth > 0 ? $", feed-forward {config.FeedForwardWidth}" : ""));
        if (config.Experts is { Count: > 0 } experts)
            yield return ("experts", $"{experts.Count} of width {experts.Width}, {experts.Active} for a token"
                + (experts.DenseLayers.Count > 0 ? $", none in {experts.DenseLayers.Count} layers" : ""));
        yield return ("attention", $"{heads} heads of {config.HeadDim}, {config.KvHeads} for keys and values");
        yield return ("rope", Text($"theta {rope.Theta}, {rope.Dimensions} dimensions{Scaling(rope)}"));
        yield return ("vocabulary", config.VocabularySize + (config.TiedEmbeddings ? ", output tied to it" : ""));
    }

    private static Table Types(Inspection inspection)
    {
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn("type");
        foreach (var title in new[] { "tensors", "parameters", "size", "bits each" })
            table.AddColumn(new TableColumn(title).RightAligned());
        foreach (var (type, tensors, parameters, bytes) in inspection.ByType)
            table.AddRow(new Text(type), new Text(Text($"{tensors}")), new Text(BenchReport.Count(parameters)),
                new Text(BenchReport.Size(bytes)), new Text(Text($"{8.0 * bytes / Math.Max(1, parameters):F2}")));
        return table;
    }

    private static Table Tensors(Inspection inspection)
    {
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumns("tensor", "type", "shape");
        table.AddColumn(new TableColumn("bytes").RightAligned());
        foreach (var tensor in inspection.File.Stored)
            table.AddRow(new Text(tensor.Name), new Text(tensor.Type),
                new Text(string.Join(" x ", tensor.Shape)), new Text(Text($"{tensor.Bytes:N0}")));
        return table;
    }

    private static void WriteTemplate(Inspection inspection, Terminal terminal)
    {
        if (inspection.TemplateText is not { } template)
        {
            terminal.Out.WriteLine("no chat template: text is continued as it is");
            return;
        }
        var lines = template.Split('\n');
        terminal.Out.WriteLine(terminal.Bold("chat template"));
        foreach (var line in lines.Take(TemplateLinesMax)) terminal.Out.WriteLine("  " + line);
        if (lines.Length > TemplateLinesMax)
            terminal.Out.WriteLine(terminal.Dim($"  ... {lines.Length - TemplateLinesMax} more lines; --template"));
    }

    private static string Suggestion(Inspection inspection)
    {
        var defaults = inspection.File.Defaults;
        (string Name, object? Value)[] all =
        [
            ("temperature", defaults.Temperature), ("top-k", defaults.TopK), ("top-p", defaults.TopP),
            ("min-p", defaults.MinP), ("repeat penalty", defaults.RepetitionPenalty),
        ];
        var said = all.Where(item => item.Value is not null)
            .Select(item => string.Create(CultureInfo.InvariantCulture, $"{item.Name} {item.Value}"))
            .Prepend(defaults.DoSample == false ? "greedy" : "").Where(text => text.Length > 0).ToList();
        return said.Count > 0 ? string.Join(", ", said) : "nothing suggested";
    }

    private static string Windows(ModelConfig config)
    {
        var sliding = config.Windows.Where(window => window > 0).ToList();
        return sliding.Count == 0 ? "" : Text($", {sliding.Count} layers see a window of {sliding.Max()}");
    }

    private static string Scaling(RopeConfig rope) =>
        rope.Scaling is RopeScaling.Unscaled ? "" : $", {rope.Scaling.GetType().Name} scaling";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
