using Minka.Server.Tools.Formats;

namespace Minka.Server.Tools;

/// <summary>Formats of calls. The first that a template speaks is the model's: some marks occur in several.</summary>
internal static class ToolFormats
{
    /// <summary>All formats, the most particular first; the last takes any template.</summary>
    public static IReadOnlyList<ToolFormat> All { get; } =
    [
        new Glm(),
        new QwenCoder(),
        new Hermes(),
        new Kimi(),
        new DeepSeek(),
        new Mistral(),
        new JsonList("mistral-nemo", "[TOOL_CALLS]", "", hasShortIds: true),
        new JsonList("nemotron", "<TOOLCALL>", "</TOOLCALL>", hasShortIds: false),
        new JsonList("granite", "<|tool_call|>", "<|/tool_call|>", hasShortIds: false),
        new Harmony(),
        new Pythonic(),
        new FunctionaryRecipients(),
        new Functionary(),
        new Llama(),
        new Generic(),
    ];

    /// <summary>The format of a template; the generic one without a template.</summary>
    public static ToolFormat Of(string? template) => All.First(format => format.IsSpokenBy(template ?? ""));
}
