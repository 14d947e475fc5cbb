using System.Globalization;

namespace Minka.LoadTest.Report;

/// <summary>Colours by meaning: a run has a hue, a level of load its strength, a percentile its dashes.</summary>
internal static class Palette
{
    /// <summary>The run that is reported.</summary>
    public const string Run = "var(--run)";

    /// <summary>The run it is compared with.</summary>
    public const string Other = "var(--other)";

    /// <summary>Something failed.</summary>
    public const string Bad = "var(--bad)";

    /// <summary>Half of the requests are faster.</summary>
    public const string Median = "";

    /// <summary>Nine of ten are.</summary>
    public const string High = "7 4";

    /// <summary>Ninety-nine of a hundred are.</summary>
    public const string Highest = "2 4";

    /// <summary>A weaker tone of a hue.</summary>
    /// <param name="colour">Hue.</param>
    /// <param name="share">1 is the hue itself.</param>
    public static string Tint(string colour, double share) => share >= 1
        ? colour
        : string.Create(CultureInfo.InvariantCulture, $"color-mix(in oklab, {colour} {share * 100:0}%, var(--card))");

    /// <summary>Tones of the levels of a sweep, the strongest for the highest load.</summary>
    public static string Level(string colour, int index, int count) =>
        Tint(colour, count < 2 ? 1 : 0.5 + 0.5 * index / (count - 1));
}
