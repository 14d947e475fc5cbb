using System.Text.Json;
using System.Text.Unicode;

namespace Minka.Models.Loading;

/// <summary>JSON of unknown origin: every way in which it can be wrong ends in a sentence.</summary>
internal static class JsonText
{
    /// <summary>Parses a file whole. Its strings are Unicode, all of them, so nothing trips later.</summary>
    /// <exception cref="ModelFormatException">It is absent, too large, or no JSON.</exception>
    public static JsonDocument Parse(string path)
    {
        ReadOnlyMemory<byte> bytes = FileBytes.ReadAll(path, FileLimits.JsonBytes);
        if (bytes.Span.StartsWith("\uFEFF"u8)) bytes = bytes[3..];
        var options = new JsonDocumentOptions { MaxDepth = FileLimits.JsonDepth };
        return Guard(path, () =>
        {
            CheckText(bytes.Span);
            return JsonDocument.Parse(bytes, options);
        });
    }

    /// <summary>Runs a reader of JSON and explains what it trips over: bad syntax, text that is no Unicode.</summary>
    public static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            var what = e is JsonException { LineNumber: not null } fault ? JsonFault.Of(fault) + "." : e.Message;
            throw new ModelFormatException($"'{path}' is not sound JSON: {what}", e);
        }
    }

    /// <summary>JSON readers find broken text only when they are asked for that very string.</summary>
    private static void CheckText(ReadOnlySpan<byte> text)
    {
        if (!Utf8.IsValid(text)) throw new FormatException("The text is not UTF-8.");
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = FileLimits.JsonDepth });
        while (reader.Read())
        {
            if (reader.ValueIsEscaped) _ = reader.GetString();
        }
    }

    /// <summary>Moves to the next token, which must be of a kind.</summary>
    public static void Expect(ref Utf8JsonReader reader, JsonTokenType kind, string what)
    {
        if (!reader.Read() || reader.TokenType != kind)
            throw new JsonException($"{what} is {reader.TokenType}, {kind} is needed.");
    }

    /// <summary>Reads an array of whole numbers.</summary>
    public static long[] Integers(ref Utf8JsonReader reader, int most)
    {
        List<long> numbers = [];
        Expect(ref reader, JsonTokenType.StartArray, "a list of numbers");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (numbers.Count == most) throw new JsonException($"a list has more than {most} numbers.");
            numbers.Add(reader.GetInt64());
        }
        return [.. numbers];
    }
}
