namespace Minka.Compute.Kernels;

/// <summary>
/// The highest scores of each row, and the softmax of each of them: which experts a token goes to, and how much each
/// counts (Shazeer et al. 2017).
/// </summary>
/// <param name="experts">Receives columns, <c>[T, active]</c>, best first; of equal scores the first.</param>
/// <param name="shares">Receives their softmax, <c>[T, active]</c>.</param>
/// <param name="scores"><c>[T, experts]</c>.</param>
/// <param name="active">Columns that are chosen; at most all.</param>
/// <param name="isNormalized">The softmax is over the chosen, so that it sums to 1; or else over all.</param>
internal readonly ref struct ExpertRouting(
    Span<int> experts, Span<float> shares, FloatRows scores, int active, bool isNormalized) : IRowKernel
{
    private readonly Span<int> _experts = experts;
    private readonly Span<float> _shares = shares;

    public void Rows<V, L>(int start, int end)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (var row = start; row < end; row++)
        {
            var share = _shares.Slice(row * active, active);
            Choose(scores.Span(row), _experts.Slice(row * active, active), share);
            ToShares(isNormalized ? share : scores.Span(row), share);
        }
    }

    /// <summary>Fills both, best first. Scores that are no numbers come after those that are there already.</summary>
    private static void Choose(ReadOnlySpan<float> scores, Span<int> chosen, Span<float> best)
    {
        var count = 0;
        for (var expert = 0; expert < scores.Length; expert++)
        {
            var at = count;
            while (at > 0 && scores[expert] > best[at - 1]) at--;
            if (at == best.Length) continue;

            if (count < best.Length) count++;
            for (var i = count - 1; i > at; i--) (best[i], chosen[i]) = (best[i - 1], chosen[i - 1]);
            (best[at], chosen[at]) = (scores[expert], expert);
        }
    }

    private static void ToShares(ReadOnlySpan<float> all, Span<float> best)
    {
        var (largest, sum) = (best[0], 0f);
        foreach (var score in all) sum += MathF.Exp(score - largest);
        foreach (ref var share in best) share = MathF.Exp(share - largest) / sum;
    }
}
