using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using Minka.Cli.Options;
using static Minka.Cli.Tests.TestTerminal;

namespace Minka.Cli.Tests;

/// <summary>From a command line to an exit code and one sentence.</summary>
public sealed partial class DoorTests
{
    [Theory]
    [InlineData("There is no verb 'docter'; did you mean 'doctor'?", "docter")]
    [InlineData("There is no verb 'xyzzy'; --help shows what there is.", "xyzzy")]
    [InlineData("There is no verb 'docter'; did you mean 'doctor'?", "help", "docter")]
    [InlineData("There is no verb 'version'; did you mean '--version'?", "version")]
    [InlineData("There is no option '-v'; --help shows what there is.", "-v")]
    [InlineData("--model needs a value: --model MODEL.", "serve", "--model")]
    [InlineData("--stop needs a value: --stop TEXT.", "run", "Hi", "--stop", "a", "--stop")]
    [InlineData("There is no option '--verbos'; did you mean '--verbose'?", "doctor", "--verbos")]
    [InlineData("'more' is one argument too many for 'doctor'; put several words in quotes.", "doctor", "more")]
    [InlineData("minka launch needs PLAN; minka launch --help shows examples.", "launch")]
    [InlineData("minka key needs new; minka key --help shows examples.", "key")]
    [InlineData("A key cannot be 'old'; minka key takes new.", "key", "old")]
    [InlineData("There is no key file 'none'; minka key new makes a key.", "worker", "--key-file", "none")]
    [InlineData("'.' is a folder; the name of a text is needed.", "perplexity", ".")]
    [InlineData("--workers: --pp 3 needs a worker a stage; there are 2.",
        "plan", "new", "--workers", "a:1,b:1", "--pp", "3")]
    [InlineData("The regular expression needs ')' at character 2, its end.", "run", "Hi", "--regex", "(")]
    public async Task A_wrong_command_line_is_answered_with_one_sentence_and_code_2(
        string sentence, params string[] args)
    {
        var (code, output, error) = await MinkaAsync(args);

        Assert.Equal(2, code);
        Assert.Equal("", output);
        Assert.Equal($"minka: {sentence}\n", error);
    }

    [Theory]
    [InlineData("bench", "none.gguf")]
    [InlineData("worker", "--model", "none.gguf")]
    public async Task A_model_that_is_not_there_is_code_3_before_anything_is_printed(params string[] args)
    {
        var (code, output, error) = await MinkaAsync(args);

        Assert.Equal((3, ""), (code, output));
        Assert.StartsWith("minka: There is no model 'none.gguf': ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_for_other_machines_without_a_key_names_the_address_that_was_asked_for()
    {
        var (code, _, error) = await MinkaAsync(["worker", "--listen", "0.0.0.0:9000"]);

        Assert.Equal(1, code);
        Assert.StartsWith("minka: Listening on 0.0.0.0:9000 needs a key", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verbose_shows_where_an_error_came_from()
    {
        var (_, _, error) = await MinkaAsync(["doctor", "--nothing", "--verbose"]);

        Assert.Contains("   at Minka.Cli.Door", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_names_every_verb_and_the_exit_codes()
    {
        var (code, output, _) = await MinkaAsync(["--help"]);

        Assert.Equal(0, code);
        Assert.All(Door.Verbs(new TestTerminal().Terminal),
            verb => Assert.Contains($"  {verb.Command.Name} ", output, StringComparison.Ordinal));
        Assert.Contains("0 done, 1 failed, 2 wrong command line, 3 no such model, 130 interrupted", output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_may_stand_before_the_verb_too() =>
        Assert.Equal(await MinkaAsync(["run", "--help"]), await MinkaAsync(["help", "run"]));

    [Theory, MemberData(nameof(VerbNames))]
    public async Task Help_of_a_verb_describes_every_option_and_shows_examples(string name)
    {
        var verb = Door.Verbs(new TestTerminal().Terminal).Single(verb => verb.Command.Name == name);

        var (code, output, error) = await MinkaAsync([name, "--help"]);

        Assert.Equal((0, ""), (code, error));
        Assert.All(verb.Groups.SelectMany(group => group.Options),
            option => Assert.Contains(option.Name, output, StringComparison.Ordinal));
        Assert.All(verb.Groups.SelectMany(group => group.Options), option => Assert.EndsWith(".", option.Description));
        Assert.NotEmpty(verb.Examples);
        Assert.DoesNotContain('\e', output);
    }

    [Theory, MemberData(nameof(ExampleLines))]
    public void Examples_of_the_help_are_commands_that_parse(string line)
    {
        var command = line.Split(" | ").First(part => part.StartsWith("minka ", StringComparison.Ordinal));
        var words = CommandLineParser.SplitCommandLine(command.Split([" < ", " > "], default)[0]);

        var parse = Door.Parse([.. words.Skip(1)], new TestTerminal().Terminal);

        Assert.Equal("minka", words.First());
        Assert.Null(WrongUsage.Describe(parse));
        Assert.NotSame(parse.RootCommandResult, parse.CommandResult);
    }

    [Theory, MemberData(nameof(DocumentedLines))]
    public void Commands_of_the_documents_parse(string line)
    {
        var words = ShellWord().Matches(line).Select(word => word.Groups[1].Value + word.Groups[2].Value
            + word.Groups[3].Value);

        Assert.Null(WrongUsage.Describe(Door.Parse([.. words.Skip(1)], new TestTerminal().Terminal)));
    }

    /// <summary>Also those that stand in the middle of a sentence; <c>dotnet</c> has its own.</summary>
    [Theory, MemberData(nameof(DocumentedOptions))]
    public void Options_that_the_documents_name_exist(string option)
    {
        var verbs = Door.Verbs(new TestTerminal().Terminal);
        var options = verbs.Concat(verbs.SelectMany(verb => verb.Verbs)).SelectMany(verb => verb.Groups)
            .SelectMany(group => group.Options).SelectMany(one => one.Aliases.Append(one.Name));

        Assert.Contains(option, options.Concat(["--help", "--verbose", "--version"]));
    }

    public static TheoryData<string> DocumentedOptions() =>
    [
        .. Documents().SelectMany(File.ReadLines)
            .Where(line => !line.Contains("dotnet run", StringComparison.Ordinal)
                && !line.Contains("dotnet publish", StringComparison.Ordinal))
            .SelectMany(line => LongOption().Matches(line)).Select(match => match.Value).Distinct(),
    ];

    public static TheoryData<string> VerbNames() =>
        [.. Door.Verbs(new TestTerminal().Terminal).Select(verb => verb.Command.Name)];

    public static TheoryData<string> ExampleLines() =>
    [
        .. Door.Examples.Concat(Door.Verbs(new TestTerminal().Terminal).SelectMany(verb => verb.Examples))
            .Concat(Door.Verbs(new TestTerminal().Terminal).SelectMany(verb => verb.Verbs)
                .SelectMany(verb => verb.Examples))
            .Select(example => example.Line).Distinct(),
    ];

    /// <summary>Every <c>minka …</c> in a code block or between backticks, without what the shell takes.</summary>
    public static TheoryData<string> DocumentedLines() =>
    [
        .. Documents().Select(File.ReadAllText).SelectMany(text => CommandLine().Matches(text)
                .Concat(InNamespaces().Matches(text)))
            .Select(match => match.Groups[1].Value.Split([" | ", " < ", " > ", " #"], default)[0].Trim())
            .Where(line => !line.Contains("VERB", StringComparison.Ordinal))
            .Select(line => line.StartsWith("minka", StringComparison.Ordinal) ? line : $"minka {line}").Distinct(),
    ];

    private static IEnumerable<string> Documents() =>
        Directory.EnumerateFiles(SourceTree.At("docs"), "*.md")
            .Concat(Directory.EnumerateFiles(
                SourceTree.At("examples"), "*.md", SearchOption.AllDirectories))
            .Append(SourceTree.At("README.md")).Order(StringComparer.Ordinal);

    [GeneratedRegex(@"(?<![\w-])--[a-z][a-z0-9-]+")]
    private static partial Regex LongOption();

    [GeneratedRegex(@"(?:^|\| |`)(?:\./)?(minka [^`\n]+)", RegexOptions.Multiline)]
    private static partial Regex CommandLine();

    [GeneratedRegex("""
        '([^']*)'|"([^"]*)"|(\S+)
        """)]
    private static partial Regex ShellWord();

    [GeneratedRegex(@"examples/machines\.sh \d+ \w+ (?!try )([^`\n]+)")]
    private static partial Regex InNamespaces();
}
