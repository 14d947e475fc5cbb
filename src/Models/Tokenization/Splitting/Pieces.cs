namespace Minka.Models.Tokenization.Splitting;

/// <summary>A stretch of text, cut into the pieces that are encoded each by itself.</summary>
internal sealed class Pieces
{
    /// <summary>Begins with one piece, the whole text.</summary>
    /// <param name="text">Normalised text between two added tokens.</param>
    /// <param name="isAtStart">Nothing stands before it.</param>
    public Pieces(string text, bool isAtStart)
    {
        (Text, IsAtStart) = (text, isAtStart);
        if (text.Length > 0) Items.Add((0, text.Length));
    }

    /// <summary>What the pieces are cut from.</summary>
    public string Text { get; private set; }

    /// <summary>Start and end of each piece in <see cref="Text"/>, ascending; none is empty.</summary>
    public List<(int Start, int End)> Items { get; private set; } = [];

    /// <summary>Nothing stands before the first piece.</summary>
    public bool IsAtStart { get; }

    /// <summary>The text is GPT-2 letters, one for each byte of what it was.</summary>
    public bool IsByteLetters { get; set; }

    /// <summary>Goes on with other pieces of the same text.</summary>
    public void Cut(List<(int Start, int End)> items) => Items = items;

    /// <summary>Goes on with another text.</summary>
    public void Rewrite(string text, List<(int Start, int End)> items) => (Text, Items) = (text, items);
}

/// <summary>One step on the way from text to pieces; steps hold no state and may be shared by threads.</summary>
internal interface ISplitStep
{
    /// <summary>Cuts pieces into smaller ones, or rewrites them.</summary>
    void Apply(Pieces pieces);
}
