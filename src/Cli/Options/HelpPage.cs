using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Minka.Cli.Verbs;

namespace Minka.Cli.Options;

/// <summary>Writes the help: what a command is for, how it is typed, what can be set, and examples to copy.</summary>
internal static class HelpPage
{
    private const int LabelColumns = 30;

    /// <summary>Makes <c>--help</c> show a page; the parser's own hears <c>/h</c> too, which may be a prompt.</summary>
    public static void Attach(Command command, Action write)
    {
        foreach (var own in command.Options.OfType<HelpOption>().ToList()) command.Options.Remove(own);
        command.Options.Add(new HelpOption("--help", "-h") { Action = new Write(write) });
    }

    /// <summary>The page of one verb.</summary>
    public static void WriteVerb(IVerb verb, Terminal terminal)
    {
        var command = verb.Command;
        terminal.Out.WriteLine(command.Description);
        Title(terminal, "Usage");
        terminal.Out.WriteLine(
            $"  minka {Path(command)}{string.Concat(command.Arguments.Select(Usage))} [options]");
        foreach (var argument in command.Arguments)
            Entry(terminal, argument.HelpName ?? argument.Name, argument.Description);
        foreach (var inner in verb.Verbs)
        {
            terminal.Out.WriteLine($"  minka {Path(inner.Command)} [options]");
            Entry(terminal, inner.Command.Name, inner.Command.Description);
        }
        foreach (var group in verb.Groups)
        {
            Title(terminal, group.Title);
            foreach (var option in group.Options) Entry(terminal, Label(option), option.Description);
        }
        Examples(terminal, verb.Examples);
    }

    /// <summary>The page of the program.</summary>
    public static void WriteRoot(IReadOnlyList<IVerb> verbs, IReadOnlyList<Example> examples, Terminal terminal)
    {
        terminal.Out.WriteLine("Minka runs language models on this machine.");
        Title(terminal, "Usage");
        terminal.Out.WriteLine("  minka VERB [arguments] [options]");
        terminal.Out.WriteLine("  minka VERB --help            what a verb can do, with examples");
        Title(terminal, "Verbs");
        foreach (var verb in verbs) Entry(terminal, verb.Command.Name, verb.Command.Description);
        Title(terminal, "Options of every verb");
        Entry(terminal, "-h, --help", "Show this help, or the help of a verb.");
        Entry(terminal, "    --verbose", "Show where an error came from.");
        Entry(terminal, "    --version", "Show the version; without a verb.");
        Examples(terminal, examples);
        Title(terminal, "Exit codes");
        terminal.Out.WriteLine("  0 done, 1 failed, 2 wrong command line, 3 no such model, 130 interrupted");
    }

    private static void Examples(Terminal terminal, IReadOnlyList<Example> examples)
    {
        Title(terminal, "Examples");
        foreach (var example in examples)
        {
            terminal.Out.WriteLine($"  {terminal.Dim("# " + example.Purpose)}");
            terminal.Out.WriteLine($"  {example.Line}");
        }
    }

    private static void Title(Terminal terminal, string title)
    {
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(terminal.Bold(title));
    }

    private static void Entry(Terminal terminal, string label, string? text)
    {
        var lines = Wrap(text ?? "", Math.Max(40, terminal.Columns - LabelColumns - 2)).ToList();
        if (label.Length > LabelColumns - 2)
        {
            terminal.Out.WriteLine($"  {label}");
            label = "";
        }
        foreach (var line in lines)
        {
            terminal.Out.WriteLine($"  {label,-LabelColumns}{line}");
            label = "";
        }
    }

    /// <summary>The words of a verb after <c>minka</c>.</summary>
    private static string Path(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault(parent => parent is not RootCommand) is { } outer
            ? $"{Path(outer)} {command.Name}" : command.Name;

    private static string Usage(Argument argument)
    {
        var name = argument.HelpName ?? argument.Name;
        return argument.Arity.MinimumNumberOfValues > 0 || name.Contains('[', StringComparison.Ordinal)
            ? $" {name}" : $" [{name}]";
    }

    /// <summary>The short name and the long one; further long names still work and are not shown.</summary>
    private static string Label(Option option)
    {
        var shortName = option.Aliases.FirstOrDefault(name => !name.StartsWith("--", StringComparison.Ordinal));
        var value = option.ValueType == typeof(bool) ? "" : " " + (option.HelpName ?? "VALUE");
        return (shortName is null ? "    " : $"{shortName}, ") + option.Name + value;
    }

    private static IEnumerable<string> Wrap(string text, int columns)
    {
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > columns)
            {
                yield return line;
                line = "";
            }
            line += line.Length == 0 ? word : " " + word;
        }
        yield return line;
    }

    private sealed class Write(Action write) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            write();
            return ExitCodes.Ok;
        }
    }
}
