using Minka.Engine.Scheduling;
using Minka.Engine.Speculation;

namespace Minka.Bench.Engine;

/// <summary>Guesses a token that no text contains, as often and as long as the engine lets a drafter try.</summary>
internal sealed class WrongDrafter : IDrafter
{
    private static readonly int[] _guess = new int[8];

    public void Propose(IReadOnlyList<Sequence> running)
    {
        foreach (var sequence in running)
        {
            if (!DraftShare.CanDraft(sequence)) continue;
            var count = sequence.DraftLength.Next(_guess.Length);
            if (count > 0) sequence.Draft(_guess.AsSpan(0, count));
        }
    }

    public void Forget(Sequence sequence) { }
}
