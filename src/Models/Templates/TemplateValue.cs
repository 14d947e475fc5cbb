using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates;

/// <summary>A value as templates see it: none, a boolean, a number, a string, a list or a mapping.</summary>
public abstract class TemplateValue
{
    private const int JsonDepthMax = 256;
    private const int JsonDigitsMax = 4300;

    private protected TemplateValue()
    {
    }

    /// <summary>Python's <c>None</c>, JSON's <c>null</c>.</summary>
    public static TemplateValue None => NoneValue.Instance;

    /// <summary>What Python calls its type, for messages.</summary>
    internal abstract string TypeName { get; }

    /// <summary>Whether <c>if</c> takes it for true.</summary>
    internal virtual bool IsTrue => true;

    /// <summary>Python's <c>len</c>, or null for what has none.</summary>
    internal virtual int? Length => null;

    /// <summary>A string.</summary>
    public static TemplateValue From(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new StringValue(text);
    }

    /// <summary>A boolean.</summary>
    public static TemplateValue From(bool value) => BoolValue.Of(value);

    /// <summary>A whole number.</summary>
    public static TemplateValue From(long value) => IntegerValue.Of(value);

    /// <summary>A float.</summary>
    public static TemplateValue From(double value) => new FloatValue(value);

    /// <summary>A list.</summary>
    public static TemplateValue From(IEnumerable<TemplateValue> items) => new ListValue([.. items]);

    /// <summary>A mapping, in the order given; of equal keys the last one counts.</summary>
    public static TemplateValue From(IEnumerable<KeyValuePair<string, TemplateValue>> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var map = new DictValue();
        foreach (var (key, value) in entries) map.Set(new StringValue(key), value);
        return map;
    }

    /// <summary>A list of mappings with <c>role</c> and <c>content</c>.</summary>
    public static TemplateValue From(IEnumerable<ChatMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return From(messages.Select(message => From(
        [
            new KeyValuePair<string, TemplateValue>("role", From(message.Role)),
            new KeyValuePair<string, TemplateValue>("content", From(message.Content)),
        ])));
    }

    /// <summary>
    /// The value of a JSON element: keys stay in order, numbers without fraction and exponent are whole numbers of any
    /// size, all others floats.
    /// </summary>
    /// <exception cref="TemplateException">It is nested deeper than 256, a number has over 4300 digits, or a string
    /// holds half a surrogate pair.</exception>
    public static TemplateValue FromJson(JsonElement element) => FromJson(element, 0);

    /// <summary>Python's <c>str</c>.</summary>
    internal virtual void Print(TextBuffer output) => Represent(output);

    /// <summary>Python's <c>repr</c>.</summary>
    internal abstract void Represent(TextBuffer output);

    /// <summary>Python's <c>value[key]</c>, or null where that is a missing key, index or operation.</summary>
    internal virtual TemplateValue? GetItem(Renderer renderer, TemplateValue key) => null;

    /// <summary>Python's <c>value.name</c>, or null where there is no such attribute.</summary>
    internal virtual TemplateValue? GetAttribute(StringValue name) => null;

    /// <summary>Python's <c>iter(value)</c>, or null where it cannot be iterated.</summary>
    internal virtual IEnumerable<TemplateValue>? Iterate() => null;

    /// <summary>Python's <c>str(value)</c> as text.</summary>
    internal string ToText(Renderer renderer)
    {
        if (this is StringValue text) return text.Text;
        var buffer = new TextBuffer(renderer.Budget);
        Print(buffer);
        return buffer.ToString();
    }

    /// <summary>Python's <c>repr(value)</c> as text.</summary>
    internal string ToRepresentation(Renderer renderer)
    {
        var buffer = new TextBuffer(renderer.Budget);
        Represent(buffer);
        return buffer.ToString();
    }

    private static TemplateValue FromJson(JsonElement element, int depth)
    {
        if (depth > JsonDepthMax)
            throw TemplateException.Of($"JSON for a template is nested deeper than {JsonDepthMax}, the limit.");

        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var map = new DictValue();
                foreach (var property in element.EnumerateObject())
                    map.Set(new StringValue(ReadText(() => property.Name)), FromJson(property.Value, depth + 1));
                return map;
            case JsonValueKind.Array:
                var items = new TemplateValue[element.GetArrayLength()];
                var next = 0;
                foreach (var item in element.EnumerateArray()) items[next++] = FromJson(item, depth + 1);
                return new ListValue(items);
            case JsonValueKind.String: return new StringValue(ReadText(element.GetString));
            case JsonValueKind.Number: return FromNumber(element.GetRawText());
            case JsonValueKind.True: return BoolValue.True;
            case JsonValueKind.False: return BoolValue.False;
            default: return None;
        }
    }

    private static string ReadText(Func<string?> read)
    {
        try
        {
            return read()!;
        }
        catch (InvalidOperationException)
        {
            throw TemplateException.Of("JSON for a template holds half a surrogate pair; send whole characters.");
        }
    }

    private static TemplateValue FromNumber(string text)
    {
        if (text.AsSpan().ContainsAny('.', 'e', 'E'))
            return new FloatValue(double.Parse(text, CultureInfo.InvariantCulture));
        if (text.Length > JsonDigitsMax)
        {
            throw TemplateException.Of(
                $"a JSON number for a template has {text.Length} digits; {JsonDigitsMax} is the limit.");
        }

        return IntegerValue.Of(BigInteger.Parse(text, CultureInfo.InvariantCulture));
    }
}
