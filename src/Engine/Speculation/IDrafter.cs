using Minka.Engine.Scheduling;

namespace Minka.Engine.Speculation;

/// <summary>Guesses what sequences will say next, so that one step can verify several tokens.</summary>
/// <remarks>
/// A guess changes no text, only the number of steps: each token is still drawn from the model's own logits with the
/// number that belongs to its position, and a guess counts as far as it says the same. Called by the engine's loop.
/// </remarks>
public interface IDrafter
{
    /// <summary>Gives guesses to those of the sequences that lack one token; the step may take fewer of them.</summary>
    /// <param name="running">Those that the next step continues, most urgent and oldest first.</param>
    void Propose(IReadOnlyList<Sequence> running);

    /// <summary>Forgets a sequence that ended.</summary>
    void Forget(Sequence sequence);
}
