using System.Globalization;
using System.Text.Json;

namespace Minka.Models.Loading;

/// <summary>What a reader of JSON trips over, in words for a sentence.</summary>
public static class JsonFault
{
    /// <summary>What, and where: <c>'x' is an invalid start of a value, at line 1, byte 8</c>.</summary>
    public static string Of(JsonException fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        var what = What(fault.Message);
        return fault.LineNumber is { } line && fault.BytePositionInLine is { } at
            ? string.Create(CultureInfo.InvariantCulture, $"{what}, at line {line + 1}, byte {at + 1}")
            : what;
    }

    /// <summary>The first sentence of what the platform says; advice to programmers and the place follow it.</summary>
    private static string What(string message)
    {
        if (message.Split('\'') is ["Duplicate property ", var name, ..]) return $"the field '{name}' comes twice";
        if (message.StartsWith("Expected depth to be zero", StringComparison.Ordinal))
            return "it ends before all of its objects and lists do";
        if (message.StartsWith("The maximum configured depth", StringComparison.Ordinal))
            return "its objects and lists lie too deep in each other";
        var end = message.IndexOf(". ", StringComparison.Ordinal);
        var first = (end < 0 ? message : message[..end]).TrimEnd('.');
        return char.IsUpper(first[0]) ? char.ToLowerInvariant(first[0]) + first[1..] : first;
    }
}
