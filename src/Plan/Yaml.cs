using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Minka.Plan;

/// <summary>YAML to JSON and back, so that one reader and one set of rules serve both.</summary>
/// <remarks>
/// One document of mappings, sequences and scalars (YAML 1.2 core schema). Anchors, aliases and tags are refused:
/// plans do not need them and they are how small files become large.
/// </remarks>
internal static class Yaml
{
    private const int DepthMax = 32;

    private static readonly SearchValues<char> _numeric = SearchValues.Create("0123456789+-.eE");

    /// <exception cref="PlanException">The text is not YAML, or uses what plans do not need.</exception>
    public static byte[] ToJson(ReadOnlySpan<byte> utf8)
    {
        var json = new ArrayBufferWriter<byte>(utf8.Length + 256);
        try
        {
            using var text = new StringReader(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(utf8));
            using var writer = new Utf8JsonWriter(json);
            var parser = new Parser(text);
            parser.Consume<StreamStart>();
            parser.Consume<DocumentStart>();
            WriteValue(parser, writer, 0);
            parser.Consume<DocumentEnd>();
            if (!parser.TryConsume<StreamEnd>(out _)) throw Refused(parser.Current!, "a second document");
        }
        catch (YamlException wrong)
        {
            throw new PlanException($"line {wrong.Start.Line}", $"This is not YAML: {wrong.Message}");
        }
        catch (InvalidOperationException wrong) // The scanner's own slip on some damaged texts.
        {
            throw new PlanException("(text)", $"This is not YAML: {wrong.Message}");
        }
        catch (DecoderFallbackException)
        {
            throw new PlanException("(text)", "The text is not UTF-8.");
        }
        return json.WrittenSpan.ToArray();
    }

    /// <summary>The same content in block style.</summary>
    public static string FromJson(string json)
    {
        using var document = JsonDocument.Parse(json);
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var emitter = new Emitter(text);
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart());
        Emit(emitter, document.RootElement);
        emitter.Emit(new DocumentEnd(true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    private static void WriteValue(Parser from, Utf8JsonWriter to, int depth)
    {
        if (depth > DepthMax) throw Refused(from.Current!, $"a depth of more than {DepthMax}");
        if (from.Accept<AnchorAlias>(out var alias)) throw Refused(alias, "an alias");
        var node = from.Consume<NodeEvent>();
        if (!node.Anchor.IsEmpty) throw Refused(node, "an anchor");
        if (!node.Tag.IsEmpty) throw Refused(node, "a tag");
        if (node is Scalar scalar) WriteScalar(scalar, to);
        else if (node is MappingStart) WriteMapping(from, to, depth);
        else WriteSequence(from, to, depth);
    }

    private static void WriteMapping(Parser from, Utf8JsonWriter to, int depth)
    {
        to.WriteStartObject();
        while (!from.TryConsume<MappingEnd>(out _))
        {
            if (!from.TryConsume<Scalar>(out var key)) throw Refused(from.Current!, "a key that is no text");
            to.WritePropertyName(key.Value);
            WriteValue(from, to, depth + 1);
        }
        to.WriteEndObject();
    }

    private static void WriteSequence(Parser from, Utf8JsonWriter to, int depth)
    {
        to.WriteStartArray();
        while (!from.TryConsume<SequenceEnd>(out _)) WriteValue(from, to, depth + 1);
        to.WriteEndArray();
    }

    private static void WriteScalar(Scalar scalar, Utf8JsonWriter to)
    {
        var text = scalar.Value;
        if (scalar.Style != ScalarStyle.Plain) to.WriteStringValue(text);
        else if (text is "" or "~" or "null" or "Null" or "NULL") to.WriteNullValue();
        else if (text is "true" or "True" or "TRUE") to.WriteBooleanValue(true);
        else if (text is "false" or "False" or "FALSE") to.WriteBooleanValue(false);
        else if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
            to.WriteNumberValue(whole);
        else if (IsNumber(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real)
            && double.IsFinite(real)) to.WriteNumberValue(real);
        else to.WriteStringValue(text);
    }

    /// <summary>.NET reads words such as "Infinity" as numbers; YAML does not.</summary>
    private static bool IsNumber(string text) => text.AsSpan().IndexOfAnyExcept(_numeric) < 0;

    private static void Emit(Emitter to, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            to.Emit(new MappingStart());
            foreach (var member in value.EnumerateObject())
            {
                to.Emit(new Scalar(member.Name));
                Emit(to, member.Value);
            }
            to.Emit(new MappingEnd());
        }
        else if (value.ValueKind == JsonValueKind.Array)
        {
            var isRange = value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Number);
            to.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, true,
                isRange ? SequenceStyle.Flow : SequenceStyle.Block));
            foreach (var item in value.EnumerateArray()) Emit(to, item);
            to.Emit(new SequenceEnd());
        }
        else
        {
            // Texts are quoted, so that "1e5" or "null" as a name stays a name.
            var style = value.ValueKind == JsonValueKind.String ? ScalarStyle.DoubleQuoted : ScalarStyle.Plain;
            var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
            to.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, style, true, true));
        }
    }

    private static PlanException Refused(ParsingEvent at, string what) =>
        new($"line {at.Start.Line}", $"The text has {what}; plans need none.");
}
