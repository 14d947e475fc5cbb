namespace Minka.Server.Generating;

/// <summary>A piece of an answer, after its thoughts and tool calls were told from its text.</summary>
internal abstract record OutputPart
{
    private OutputPart() { }

    /// <summary>Text for whoever asked.</summary>
    public sealed record Text(string Value) : OutputPart;

    /// <summary>The model thinks.</summary>
    public sealed record Reasoning(string Value) : OutputPart;

    /// <summary>A call begins.</summary>
    /// <param name="Index">Calls of one answer count from 0.</param>
    /// <param name="Id">Unique; what the result names.</param>
    /// <param name="Name">The tool.</param>
    public sealed record CallBegin(int Index, string Id, string Name) : OutputPart;

    /// <summary>More of a call's arguments.</summary>
    /// <param name="Index">Of a call that has begun.</param>
    /// <param name="Json">A part of a JSON text; all parts together are one object.</param>
    public sealed record CallArguments(int Index, string Json) : OutputPart;

    /// <summary>A call that began turns out to be none.</summary>
    /// <param name="Index">Of the last call that has begun.</param>
    /// <param name="Written">By the model, for whoever has not been shown the call yet: it is text then.</param>
    public sealed record CallBroken(int Index, string Written) : OutputPart;
}
