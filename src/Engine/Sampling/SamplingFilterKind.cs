namespace Minka.Engine.Sampling;

/// <summary>What narrows the candidates for a token, in the order in which it does.</summary>
public enum SamplingFilterKind
{
    /// <summary>Divides the logits.</summary>
    Temperature,

    /// <summary>Keeps what is near the best.</summary>
    MinP,

    /// <summary>Keeps the most probable, so many.</summary>
    TopK,

    /// <summary>Keeps what is near the entropy.</summary>
    TypicalP,

    /// <summary>Keeps the most probable, until they add up.</summary>
    TopP,

    /// <summary>Removes the most probable, sometimes.</summary>
    Xtc,
}
