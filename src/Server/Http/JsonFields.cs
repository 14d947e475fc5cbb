using System.Globalization;
using System.Text.Json;

namespace Minka.Server.Http;

/// <summary>A JSON object from outside, read field by field. Null counts as absent; a wrong type or a value out of
/// range is a 400 that names the field.</summary>
internal readonly struct JsonFields
{
    private readonly JsonElement _object;
    private readonly string _path;

    /// <summary>Of an object.</summary>
    /// <param name="element">What should be an object.</param>
    /// <param name="path">Its name in messages; empty for the body.</param>
    /// <exception cref="ApiFault">It is something else.</exception>
    public JsonFields(JsonElement element, string path = "")
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw ApiFault.Invalid(path.Length == 0 ? null : path,
                $"{(path.Length == 0 ? "The body" : $"'{path}'")} is {Kind(element)}; an object is needed.");
        (_object, _path) = (element, path);
    }

    /// <summary>The object itself.</summary>
    public JsonElement Element => _object;

    /// <summary>The full name of a field, for messages.</summary>
    public string PathOf(string name) => _path.Length == 0 ? name : $"{_path}.{name}";

    /// <summary>The field is there and not null.</summary>
    public bool Has(string name) => TryGet(name, out _);

    /// <summary>A field of any type; false where it is absent or null.</summary>
    public bool TryGet(string name, out JsonElement value) =>
        _object.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>A string.</summary>
    public string? Text(string name)
    {
        if (!TryGet(name, out var value)) return null;
        return TextOf(value, PathOf(name));
    }

    /// <summary>A string that must be there.</summary>
    public string NeedText(string name) => Text(name) ?? throw Missing(name, "a string");

    /// <summary>True or false.</summary>
    public bool? Flag(string name)
    {
        if (!TryGet(name, out var value)) return null;
        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Wrong(name, value, "true or false"),
        };
    }

    /// <summary>A whole number of a range.</summary>
    public int? Whole(string name, int least, int most) => (int?)Long(name, least, most);

    /// <summary>A whole number of a range.</summary>
    public long? Long(string name, long least, long most)
    {
        if (!TryGet(name, out var value)) return null;
        var needed = string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}");
        if (value.ValueKind != JsonValueKind.Number) throw Wrong(name, value, needed);
        // Clients of languages with one kind of number may write 16.0.
        if (!value.TryGetInt64(out var number))
        {
            var real = value.GetDouble();
            if (real != Math.Floor(real) || Math.Abs(real) > 1L << 53) throw OutOfRange(name, value, needed);
            number = (long)real;
        }
        return number >= least && number <= most ? number : throw OutOfRange(name, value, needed);
    }

    /// <summary>A number of a range.</summary>
    /// <param name="name">Field.</param>
    /// <param name="least">Smallest value.</param>
    /// <param name="most">Largest value.</param>
    /// <param name="excludesLeast">The smallest value itself makes no sense.</param>
    public float? Number(string name, float least, float most, bool excludesLeast = false)
    {
        if (!TryGet(name, out var value)) return null;
        var needed = string.Create(CultureInfo.InvariantCulture,
            $"a number {(excludesLeast ? "above" : "from")} {least} to {most}");
        if (value.ValueKind != JsonValueKind.Number) throw Wrong(name, value, needed);
        var number = value.GetDouble();
        return number >= least && number <= most && !(excludesLeast && number <= least)
            ? (float)number
            : throw OutOfRange(name, value, needed);
    }

    /// <summary>An object.</summary>
    public JsonFields? Object(string name) =>
        TryGet(name, out var value) ? new JsonFields(value, PathOf(name)) : null;

    /// <summary>A list; empty where it is absent.</summary>
    /// <param name="name">Field.</param>
    /// <param name="most">Entries at most.</param>
    /// <param name="needed">What the field may be, for people.</param>
    public IReadOnlyList<JsonElement> List(string name, int most, string needed = "a list")
    {
        if (!TryGet(name, out var value)) return [];
        if (value.ValueKind != JsonValueKind.Array) throw Wrong(name, value, needed);
        if (value.GetArrayLength() > most)
            throw ApiFault.Invalid(PathOf(name),
                $"'{PathOf(name)}' has {value.GetArrayLength()} entries; {most} are allowed.");
        return [.. value.EnumerateArray()];
    }

    /// <summary>The string of an element.</summary>
    /// <exception cref="ApiFault">It is none, or holds half a surrogate pair.</exception>
    public static string TextOf(JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.String)
            throw ApiFault.Invalid(path, $"'{path}' is {Kind(value)}; a string is needed.");
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw ApiFault.Invalid(path, $"'{path}' holds half a surrogate pair; send whole characters.",
                "invalid_json");
        }
    }

    /// <summary>What an element is, for people.</summary>
    public static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Null => "null",
        _ => "missing",
    };

    /// <summary>What stands there, for people: a number as it was sent, of anything else what it is.</summary>
    public static string Found(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number ? Shortened(value.GetRawText()) : Kind(value);

    /// <summary>What was sent, as much of it as a sentence bears.</summary>
    public static string Shortened(string sent) => sent.Length > 32 ? $"{sent[..32]}…" : sent;

    /// <summary>The field is not there and must be.</summary>
    public ApiFault Missing(string name, string needed) =>
        ApiFault.Invalid(PathOf(name), $"'{PathOf(name)}' is missing; {needed} is needed.", "missing_field");

    /// <summary>The field is of another type than it must be.</summary>
    public ApiFault Wrong(string name, JsonElement value, string needed) =>
        ApiFault.Invalid(PathOf(name), $"'{PathOf(name)}' is {Kind(value)}; {needed} is needed.");

    /// <summary>The field is a word that is not known.</summary>
    /// <param name="name">Field.</param>
    /// <param name="found">The word.</param>
    /// <param name="needed">Those that are.</param>
    /// <param name="because">Why no others, as a clause; empty where that is plain.</param>
    public ApiFault Unknown(string name, string found, string needed, string because = "") =>
        UnknownAt(PathOf(name), found, needed, because);

    /// <inheritdoc cref="Unknown"/>
    public static ApiFault UnknownAt(string path, string found, string needed, string because = "") =>
        ApiFault.Invalid(path, $"'{path}' is '{Shortened(found)}'; {needed} is needed"
            + $"{(because.Length > 0 ? ": " : "")}{because}.");

    private ApiFault OutOfRange(string name, JsonElement value, string needed) =>
        ApiFault.Invalid(PathOf(name), $"'{PathOf(name)}' is {Found(value)}; {needed} is needed.");
}
