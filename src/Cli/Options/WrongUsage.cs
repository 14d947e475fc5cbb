using System.CommandLine;
using System.CommandLine.Parsing;

namespace Minka.Cli.Options;

/// <summary>Says in one sentence what is wrong with a command line, with the nearest thing that exists.</summary>
internal static class WrongUsage
{
    /// <summary>The first thing wrong; null when nothing is.</summary>
    public static string? Describe(ParseResult parse)
    {
        var command = parse.CommandResult.Command;
        var unmatched = parse.UnmatchedTokens.Count > 0 ? parse.UnmatchedTokens[0] : null;
        if (command is RootCommand && unmatched is not null && !LooksLikeOption(unmatched))
            return $"There is no verb '{unmatched}'"
                + Suggest(unmatched, command.Subcommands.Select(it => it.Name).Concat(OptionNames(command)));
        if (UnknownOption(parse) is { } option)
            return $"There is no option '{option}'{Suggest(option, OptionNames(command))}";
        if (unmatched is not null)
            return $"'{unmatched}' is one argument too many for '{command.Name}'; put several words in quotes.";
        var options = parse.CommandResult.Children.OfType<OptionResult>();
        if (options.Select(CountOfValues).FirstOrDefault(it => it is not null) is { } count) return count;
        return parse.Errors.Count == 0 ? null
            : MissingArgument(parse, command) ?? Sentence(parse.Errors[0].Message);
    }

    private static string? MissingArgument(ParseResult parse, Command command)
    {
        var missing = command.Arguments.FirstOrDefault(argument =>
            (parse.GetResult(argument)?.Tokens.Count ?? 0) < argument.Arity.MinimumNumberOfValues);
        return missing is null ? null
            : $"minka {command.Name} needs {missing.HelpName}; minka {command.Name} --help shows examples.";
    }

    /// <summary>An option without its value, or one that is given again.</summary>
    private static string? CountOfValues(OptionResult result)
    {
        var option = result.Option;
        // Of one that may be repeated each needs its own.
        var needed = option.Arity.MaximumNumberOfValues > 1 ? Math.Max(1, result.IdentifierTokenCount) : 1;
        if (result.Tokens.Count < Math.Min(1, option.Arity.MinimumNumberOfValues) * needed)
            return $"{result.IdentifierToken?.Value} needs a value: {option.Name} {option.HelpName}.";
        return result.IdentifierTokenCount > 1 && option.Arity.MaximumNumberOfValues == 1
            ? $"{option.Name} is given {result.IdentifierTokenCount} times; it is taken once."
            : null;
    }

    /// <summary>
    /// Something that looks like an option and was taken for an argument, unless <c>--</c> stands before it.
    /// </summary>
    private static string? UnknownOption(ParseResult parse)
    {
        foreach (var token in parse.Tokens)
        {
            if (token.Type == TokenType.DoubleDash) return null;
            if (token.Type == TokenType.Argument && LooksLikeOption(token.Value) && !IsValueOfOption(parse, token))
                return token.Value.Split('=')[0];
        }
        return null;
    }

    private static bool LooksLikeOption(string text) => text.Length > 1 && text[0] == '-'
        && (char.IsAsciiLetter(text[1]) || (text[1] == '-' && text.Length > 2))
        && !text.Any(char.IsWhiteSpace);

    private static bool IsValueOfOption(ParseResult parse, Token token) =>
        parse.CommandResult.Children.OfType<OptionResult>().Any(option => option.Tokens.Contains(token));

    private static IEnumerable<string> OptionNames(Command command) =>
        command.Options.SelectMany(option => option.Aliases.Append(option.Name))
            .Concat(command.Parents.OfType<Command>().SelectMany(parent => parent.Options
                .Where(option => option.Recursive).Select(option => option.Name)));

    private static string Suggest(string wrong, IEnumerable<string> names)
    {
        var typed = wrong.ToLowerInvariant();
        var nearest = names.Select(name => (Name: name, Steps: Distance(typed, name), Short: IsShortFor(typed, name)))
            .Where(candidate => candidate.Short || IsNear(typed, candidate.Name, candidate.Steps))
            // A word that was shortened is as near as one wrong letter, however much of it is missing.
            .OrderBy(candidate => candidate.Short ? 1 : candidate.Steps).ThenBy(candidate => candidate.Steps)
            .ThenBy(candidate => candidate.Name, StringComparer.Ordinal)
            .FirstOrDefault();
        return nearest.Name is not null ? $"; did you mean '{nearest.Name}'?" : "; --help shows what there is.";
    }

    /// <summary>Whether few letters differ, and not all.</summary>
    private static bool IsNear(string typed, string name, int steps)
    {
        var letters = typed.TrimStart('-');
        return steps <= Math.Max(1, letters.Length / 2) && Distance(letters, name.TrimStart('-')) < letters.Length;
    }

    /// <summary>Whether one is the beginning of the other, as <c>--temp</c> of <c>--temperature</c>.</summary>
    private static bool IsShortFor(string typed, string name)
    {
        var (longer, shorter) = typed.Length < name.Length ? (name, typed) : (typed, name);
        return shorter.TrimStart('-').Length >= 3 && longer.StartsWith(shorter, StringComparison.Ordinal);
    }

    /// <summary>Letters to insert, remove or replace (Levenshtein).</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replace = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replace, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.Length];
    }

    private static string Sentence(string message) => message.TrimEnd().EndsWith('.') ? message : message + ".";
}
