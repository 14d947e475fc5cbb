using System.Globalization;

namespace Minka.Models.Templates;

/// <summary>Letters that cannot stand in a string of JSON as they are.</summary>
public static class JsonEscape
{
    /// <summary>A letter as its escape: the short one where there is one, else by its number.</summary>
    public static string Of(char letter) => letter switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\b' => "\\b",
        '\f' => "\\f",
        _ => "\\u" + ((int)letter).ToString("x4", CultureInfo.InvariantCulture),
    };
}
