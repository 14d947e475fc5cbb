namespace Minka.Engine.Constraints.Sources.Json;

/// <summary>String formats of JSON schema, as patterns that match only valid ones.</summary>
internal static class JsonFormats
{
    // February ends on the 28th: a leap year would need arithmetic, and every other date is there.
    private const string Date = "[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
        + "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))";

    private const string Time = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,6})?"
        + "(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])";

    private const string Byte = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";

    public static IReadOnlyDictionary<string, string> Patterns { get; } = new Dictionary<string, string>
    {
        ["date"] = $"^(?:{Date})$",
        ["time"] = $"^(?:{Time})$",
        ["date-time"] = $"^(?:{Date})T(?:{Time})$",
        ["uuid"] = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        ["ipv4"] = $"^{Byte}\\.{Byte}\\.{Byte}\\.{Byte}$",
    };
}
