namespace Minka.Engine;

/// <summary>Why a sequence ended.</summary>
public enum FinishReason
{
    /// <summary>It goes on.</summary>
    None,

    /// <summary>The model ended it: an end of text, a stop id, or a constraint that allows nothing more.</summary>
    Stop,

    /// <summary>As many tokens as asked for, or as the context holds.</summary>
    Length,

    /// <summary>Whoever asked does not want it any more.</summary>
    Cancelled,

    /// <summary>Its time limit passed.</summary>
    Deadline,

    /// <summary>Nobody read its tokens for too long.</summary>
    SlowReader,

    /// <summary>No token could follow, or the engine failed.</summary>
    Failed,
}
