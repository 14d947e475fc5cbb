using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Minka.Cli.Options;

/// <summary>Makes options whose wrong values are answered with what was found and what was needed.</summary>
internal static class Flag
{
    /// <summary>A number within <c>[min, max]</c>; null when the option is absent.</summary>
    public static Option<T?> Number<T>(string[] names, string placeholder, T min, T max, string description)
        where T : struct, INumber<T> => new(names[0], names[1..])
        {
            Description = description,
            HelpName = placeholder,
            CustomParser = result => ParseNumber(result, names[0], min, max),
        };

    /// <summary>Whole numbers within <c>[min, max]</c> with commas between; null when the option is absent.</summary>
    public static Option<IReadOnlyList<int>?> Numbers(
        string[] names, string placeholder, int min, int max, string description) => new(names[0], names[1..])
        {
            Description = description,
            HelpName = placeholder,
            CustomParser = result => ParseNumbers(result, names[0], min, max),
        };

    /// <summary>Any text.</summary>
    public static Option<string?> Text(string[] names, string placeholder, string description) =>
        new(names[0], names[1..]) { Description = description, HelpName = placeholder };

    /// <summary>Texts, the option repeated for each.</summary>
    public static Option<string[]> Texts(string[] names, string placeholder, string description) =>
        new(names[0], names[1..])
        {
            Description = description,
            HelpName = placeholder,
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
        };

    /// <summary>On when given.</summary>
    public static Option<bool> Switch(string[] names, string description) =>
        new(names[0], names[1..]) { Description = description };

    /// <summary>One of a few words; null when the option is absent.</summary>
    public static Option<T?> Choice<T>(
        string[] names, IReadOnlyList<(string Word, T Value)> choices, string description, string? placeholder = null)
        where T : struct =>
        new(names[0], names[1..])
        {
            Description = description,
            HelpName = placeholder ?? string.Join('|', choices.Select(choice => choice.Word)),
            CustomParser = result => ParseChoice(result, names[0], choices),
        };

    private static T? ParseNumber<T>(ArgumentResult result, string name, T min, T max) where T : struct, INumber<T>
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && value >= min && value <= max) return value;
        var kind = T.One / (T.One + T.One) == T.Zero ? "whole number" : "number";
        var isTooLarge = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var large)
            && large > double.CreateSaturating(max);
        result.AddError($"{name} is '{text}'; it takes a {kind} {(isTooLarge ? Range(min, max) : Between(min, max))}.");
        return null;
    }

    private static List<int>? ParseNumbers(ArgumentResult result, string name, int min, int max)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        var numbers = new List<int>();
        foreach (var part in text.Split(','))
        {
            if (int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number >= min && number <= max) numbers.Add(number);
            else result.AddError($"{name} is '{text}'; it takes whole numbers {Between(min, max)}, commas between.");
        }
        return numbers.Count > 0 ? numbers : null;
    }

    private static string Between<T>(T min, T max) where T : struct, INumber<T> =>
        double.CreateSaturating(max) >= int.MaxValue
            ? string.Create(CultureInfo.InvariantCulture, $"of at least {min}")
            : Range(min, max);

    private static string Range<T>(T min, T max) where T : struct, INumber<T> =>
        string.Create(CultureInfo.InvariantCulture, $"from {min} to {max}");

    private static T? ParseChoice<T>(
        ArgumentResult result, string name, IReadOnlyList<(string Word, T Value)> choices) where T : struct
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        foreach (var choice in choices)
            if (choice.Word.Equals(text, StringComparison.OrdinalIgnoreCase)) return choice.Value;
        result.AddError($"{name} is '{text}'; it takes one of {string.Join(", ", choices.Select(it => it.Word))}.");
        return null;
    }
}
