namespace Minka.Models.Layers;

/// <summary>The tokens of a step, grouped by the experts they go to.</summary>
/// <param name="experts">Experts of a layer.</param>
/// <param name="active">Experts that a token goes to.</param>
/// <param name="tokensMax">Tokens of the largest step.</param>
internal sealed class ExpertGroups(int experts, int active, int tokensMax)
{
    private readonly int[] _chosen = new int[checked(tokensMax * active)], _rows = new int[tokensMax * active];
    private readonly float[] _shares = new float[tokensMax * active], _sharesByExpert = new float[tokensMax * active];
    private readonly int[] _ends = new int[experts + 1];

    /// <summary>Where the router writes the experts of each token, <c>[T, active]</c>.</summary>
    public Span<int> Chosen(int tokens) => _chosen.AsSpan(0, tokens * active);

    /// <summary>Where the router writes how much each of them counts, <c>[T, active]</c>.</summary>
    public Span<float> Shares(int tokens) => _shares.AsSpan(0, tokens * active);

    /// <summary>Groups what the router wrote; tokens of an expert stay in order.</summary>
    public void Sort(int tokens)
    {
        var chosen = Chosen(tokens);
        Array.Clear(_ends);
        foreach (var expert in chosen) _ends[expert + 1]++;
        for (var expert = 0; expert < experts; expert++) _ends[expert + 1] += _ends[expert];

        // An expert's end is where it starts until its tokens are placed.
        for (var i = 0; i < chosen.Length; i++)
        {
            var at = _ends[chosen[i]]++;
            (_rows[at], _sharesByExpert[at]) = (i / active, _shares[i]);
        }
    }

    /// <summary>Tokens that go to an expert, ascending.</summary>
    public ReadOnlySpan<int> RowsOf(int expert) => _rows.AsSpan(StartOf(expert).._ends[expert]);

    /// <summary>How much it counts for each of them.</summary>
    public ReadOnlySpan<float> SharesOf(int expert) => _sharesByExpert.AsSpan(StartOf(expert).._ends[expert]);

    private int StartOf(int expert) => expert == 0 ? 0 : _ends[expert - 1];
}
