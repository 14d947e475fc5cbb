using Minka.Engine.Constraints;

namespace Minka.Server.Generating;

/// <summary>How a model writes thoughts and tool calls; found from its chat template, one for each model.</summary>
internal interface IAnswerFormat
{
    /// <summary>The markers are special tokens: the text must be decoded with them, and the reader leaves them out.
    /// </summary>
    bool ShowsSpecial { get; }

    /// <summary>The template puts a call's arguments into the prompt as they are, instead of writing an object as
    /// JSON.</summary>
    bool WantsArgumentsAsText { get; }

    /// <summary>Texts of tokens that constraints must be able to write, even where they are special.</summary>
    IReadOnlyCollection<string> Marks { get; }

    /// <summary>Makes a conversation what the template can render: a system message that describes the tools where the
    /// template has no place for them, ids in the form that it wants.</summary>
    ChatRequest Prepare(ChatRequest request);

    /// <summary>What the prompt must end with so that the tools are used as asked; the answer begins with it.</summary>
    /// <param name="request">After <see cref="Prepare"/>.</param>
    /// <param name="prompt">As rendered.</param>
    string Open(ChatRequest request, string prompt);

    /// <summary>What the text must look like so that the tools are used as asked; null where it is free.</summary>
    Constraint? Constrain(ChatRequest request);

    /// <summary>Begins to read one choice.</summary>
    /// <param name="request">After <see cref="Prepare"/>.</param>
    /// <param name="prompt">As rendered: it may have opened the thoughts already.</param>
    IAnswerReader Read(ChatRequest request, string prompt);
}

/// <summary>Tells thoughts and tool calls from text as it arrives, for one choice.</summary>
internal interface IAnswerReader
{
    /// <summary>Takes more text.</summary>
    /// <param name="text">As decoded, stop strings taken out; may end in the middle of a marker.</param>
    /// <param name="parts">Gets what has become certain.</param>
    void Push(string text, ICollection<OutputPart> parts);

    /// <summary>Ends the text.</summary>
    /// <param name="parts">Gets what was held back.</param>
    void Finish(ICollection<OutputPart> parts);
}
