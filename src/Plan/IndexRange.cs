using System.Text.Json;
using System.Text.Json.Serialization;

namespace Minka.Plan;

/// <summary>Consecutive things <c>[Start, End)</c> counted from 0: layers, heads, columns, rows, experts.</summary>
/// <remarks>Written as <c>[start, end]</c> in JSON and YAML.</remarks>
/// <param name="Start">First.</param>
/// <param name="End">One past the last; equal to <paramref name="Start"/> when there are none.</param>
[JsonConverter(typeof(IndexRangeJson))]
public readonly record struct IndexRange(int Start, int End)
{
    /// <summary>How many.</summary>
    public int Count => End - Start;

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => End == Start;

    /// <inheritdoc/>
    public override string ToString() => $"[{Start}, {End})";
}

/// <summary>A range as an array of two numbers.</summary>
internal sealed class IndexRangeJson : JsonConverter<IndexRange>
{
    public override IndexRange Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray) throw NotARange();
        var start = Next(ref reader);
        var end = Next(ref reader);
        if (!reader.Read() || reader.TokenType != JsonTokenType.EndArray) throw NotARange();
        return new(start, end);
    }

    public override void Write(Utf8JsonWriter writer, IndexRange value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        writer.WriteNumberValue(value.Start);
        writer.WriteNumberValue(value.End);
        writer.WriteEndArray();
    }

    private static int Next(ref Utf8JsonReader reader) =>
        reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number)
            ? number
            : throw NotARange();

    private static JsonException NotARange() => new("A range is two whole numbers, [first, one past the last].");
}
