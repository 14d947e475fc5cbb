namespace Minka.Server.Tools.Reading;

/// <summary>How far a reader has come.</summary>
internal enum Progress
{
    /// <summary>It wants more.</summary>
    More,

    /// <summary>The calls are whole; what follows is somebody else's.</summary>
    Done,

    /// <summary>This is no call.</summary>
    Broken,
}

/// <summary>Reads a call, or several in one pair of brackets, letter by letter; used once.</summary>
internal abstract class CallReader
{
    /// <summary>Takes the next letter.</summary>
    public abstract Progress Take(char unit, AnswerParts parts);

    /// <summary>The text ends here.</summary>
    public virtual Progress Finish(AnswerParts parts) => Progress.Broken;
}
