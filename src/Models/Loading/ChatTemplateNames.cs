namespace Minka.Models.Loading;

/// <summary>Names of a model's chat templates.</summary>
public static class ChatTemplateNames
{
    /// <summary>The template for ordinary conversations.</summary>
    public const string Default = "default";

    /// <summary>The template for conversations with tools, where a model has one of its own.</summary>
    public const string ToolUse = "tool_use";
}
