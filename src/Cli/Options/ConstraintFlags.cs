using System.CommandLine;
using System.Text.Json;
using Minka.Engine.Constraints;
using Minka.Models.Loading;

namespace Minka.Cli.Options;

/// <summary>What an answer must look like; the names are llama.cpp's where it has them.</summary>
internal sealed class ConstraintFlags
{
    private readonly Option<string?> _schema = Flag.Text(["--json-schema", "-j"], "FILE|TEXT",
        "JSON that this schema describes.");

    private readonly Option<bool> _object = Flag.Switch(["--json-object"], "Any JSON object.");

    private readonly Option<string?> _regex = Flag.Text(["--regex"], "PATTERN", "What this expression matches whole.");

    private readonly Option<string?> _grammar = Flag.Text(["--grammar"], "FILE|TEXT",
        "A text of this grammar in GBNF.");

    private readonly Option<string?> _choice = Flag.Text(["--choice"], "A,B", "One of these texts.");

    /// <summary>For the help.</summary>
    public OptionGroup Group => new("What the answer must look like (docs/constraints.md; one of these)",
        [_schema, _object, _regex, _grammar, _choice]);

    /// <summary>What was asked for; null for any text.</summary>
    /// <exception cref="UsageException">Two are given, or a file is not there.</exception>
    public Constraint? Read(ParseResult parse)
    {
        List<(string Name, Constraint Constraint)> given = [];
        if (parse.GetValue(_schema) is { } schema)
            given.Add(("--json-schema", Constraint.JsonSchema(Source(schema, "{", "--json-schema"))));
        if (parse.GetValue(_object)) given.Add(("--json-object", Constraint.JsonObject));
        if (parse.GetValue(_regex) is { } pattern) given.Add(("--regex", Constraint.Regex(pattern)));
        if (parse.GetValue(_grammar) is { } grammar)
            given.Add(("--grammar", Constraint.Grammar(Source(grammar, "::=", "--grammar"))));
        if (parse.GetValue(_choice) is { } texts)
            given.Add(("--choice", Constraint.Choice(texts.Split(',', StringSplitOptions.TrimEntries))));
        return given switch
        {
            [] => null,
            [var one] => one.Constraint,
            _ => throw new UsageException($"{given[0].Name} and {given[1].Name} both say what the answer must look "
                + "like; give one of them."),
        };
    }

    /// <summary>What a server is asked for: the constraint among the fields that were typed.</summary>
    /// <param name="options">What else was typed.</param>
    /// <param name="constraint">What the answer must look like; null for any text.</param>
    /// <param name="draft">Who guesses tokens; a server decides that itself.</param>
    /// <exception cref="UsageException">Somebody here is to guess.</exception>
    public static AnswerOptions ForServer(AnswerOptions options, Constraint? constraint, DraftChoice? draft)
    {
        if (draft is not null)
            throw new UsageException("--spec and --draft-model guess on this machine; with --server leave them out.");
        if (constraint is null) return options;
        var value = constraint.Kind switch
        {
            ConstraintKind.JsonSchema => $"{{\"json\":{Checked(constraint.Source)}}}",
            ConstraintKind.Regex => $"{{\"regex\":{Quoted(constraint.Source)}}}",
            ConstraintKind.Grammar => $"{{\"grammar\":{Quoted(constraint.Source)}}}",
            _ => $"{{\"choice\":[{string.Join(',', constraint.Source.Split('\0').Select(Quoted))}]}}",
        };
        var given = new Dictionary<string, string>(options.Given) { ["structured_outputs"] = value };
        return options with { Given = given };
    }

    private static string Checked(string schema)
    {
        try
        {
            using var _ = JsonDocument.Parse(schema);
            return schema;
        }
        catch (JsonException error)
        {
            throw new UsageException($"--json-schema is no JSON: {JsonFault.Of(error)}.");
        }
    }

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    /// <summary>The text itself, or what is in the file of that name.</summary>
    private static string Source(string text, string mark, string name)
    {
        if (File.Exists(text)) return File.ReadAllText(text);
        return text.Contains(mark, StringComparison.Ordinal)
            ? text
            : throw new UsageException($"{name} is '{text}', which is no file, and no text of that kind either.");
    }
}
