using Minka.Server.Generating;

namespace Minka.Server.Tools;

/// <summary>All text is content.</summary>
internal sealed class ContentReader(AnswerParts parts) : IAnswerReader
{
    public void Push(string text, ICollection<OutputPart> output)
    {
        parts.Content(text);
        parts.DrainTo(output);
    }

    public void Finish(ICollection<OutputPart> output) => parts.DrainTo(output);
}
