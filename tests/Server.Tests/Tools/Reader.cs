using System.Text.Json;
using Minka.Server.Generating;
using Minka.Server.Tools;

namespace Minka.Server.Tests.Tools;

/// <summary>Reads answers as a model would write them, cut in any way, and prints what was found.</summary>
internal static class Reader
{
    public static readonly ToolDefinition Weather = Tool("get_weather",
        """{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city"]}""");

    public static readonly ToolDefinition Add = Tool("add",
        """{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"required":["a","b"]}""");

    public static ToolDefinition Tool(string name, string schema, bool isStrict = false) =>
        new(name, null, JsonDocument.Parse(schema).RootElement, isStrict);

    public static ChatRequest Request(params ToolDefinition[] tools) =>
        new() { Messages = [new ChatTurn("user", "Hi")], Tools = tools };

    /// <summary>The format of that name.</summary>
    public static AnswerFormat Format(string name) => new(
        ToolFormats.All.Single(format => format.Name == name), null, false);

    /// <summary>What a reader finds in a text: <c>content|call name(arguments)</c> and so on.</summary>
    /// <param name="format">Reads it.</param>
    /// <param name="text">Written by the model.</param>
    /// <param name="size">Letters at a time.</param>
    /// <param name="request">Its tools may be called.</param>
    /// <param name="prompt">As rendered.</param>
    public static List<OutputPart> Read(
        IAnswerFormat format, string text, int size, ChatRequest? request = null, string prompt = "")
    {
        request ??= Request(Weather, Add);
        var reader = format.Read(request, prompt);
        List<OutputPart> parts = [];
        for (var at = 0; at < text.Length; at += size)
            reader.Push(text.Substring(at, Math.Min(size, text.Length - at)), parts);
        reader.Finish(parts);
        return parts;
    }

    public static string Print(IEnumerable<OutputPart> parts)
    {
        List<string> lines = [];
        OutputPart? last = null;
        foreach (var part in parts)
        {
            var goesOn = last?.GetType() == part.GetType() && part is OutputPart.Text or OutputPart.Reasoning;
            switch (part)
            {
                case OutputPart.Text text when goesOn && last is OutputPart.Text: lines[^1] += text.Value; break;
                case OutputPart.Text text: lines.Add(text.Value); break;
                case OutputPart.Reasoning thought when goesOn && last is OutputPart.Reasoning:
                    lines[^1] += thought.Value;
                    break;
                case OutputPart.Reasoning thought: lines.Add($"thinks {thought.Value}"); break;
                case OutputPart.CallBegin call: lines.Add($"call {call.Index} {call.Name} "); break;
                case OutputPart.CallArguments arguments: lines[^1] += arguments.Json; break;
                case OutputPart.CallBroken broken: lines.Add($"broken {broken.Written}"); break;
            }
            last = part;
        }
        return string.Join('|', lines);
    }
}
