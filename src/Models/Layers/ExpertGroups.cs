namespace Minka.Models.Layers;

/// <summary>The tokens of a step, grouped by the experts they go to.</summary>
/// <param name="experts">Experts of a layer.</param>
/// <param name="active">Experts that a token goes to.</param>
/// <param name="tokensMax">Tokens of the largest step.</param>
internal sealed class ExpertGroups(int experts, int active, int tokensMax)
{
    private readonly int[] _chosen = new int[checked(tokensMax * active)], _rows = new int[tokensMax * active];
    private readonly float[] _shares = new float[tokensMax * active], _sharesByExpert = new float[tokensMax * active];
    private readonly int[] _starts = new int[experts + 1], _counts = new int[experts];

    /// <summary>Where the router writes the experts of each token, <c>[T, active]</c>.</summary>
    public Span<int> Chosen(int tokens) => _chosen.AsSpan(0, tokens * active);

    /// <summary>Where the router writes how much each of them counts, <c>[T, active]</c>.</summary>
    public Span<float> Shares(int tokens) => _shares.AsSpan(0, tokens * active);

    /// <summary>Groups what the router wrote; tokens of an expert stay in order.</summary>
    public void Sort(int tokens)
    {
        var chosen = Chosen(tokens);
        Array.Clear(_counts);
        foreach (var expert in chosen) _counts[expert]++;
        for (var expert = 0; expert < experts; expert++) _starts[expert + 1] = _starts[expert] + _counts[expert];

        Array.Clear(_counts);
        for (var i = 0; i < chosen.Length; i++)
        {
            var at = _starts[chosen[i]] + _counts[chosen[i]]++;
            (_rows[at], _sharesByExpert[at]) = (i / active, _shares[i]);
        }
    }

    /// <summary>The first of some experts that have no more tokens than there is room for, at least one.</summary>
    /// <param name="some">In order.</param>
    /// <param name="rowsMax">Room; one expert's tokens fit.</param>
    public Range Fitting(Range some, int rowsMax)
    {
        var (first, next) = (some.Start.Value, some.Start.Value + 1);
        while (next < some.End.Value && _starts[next + 1] - _starts[first] <= rowsMax) next++;
        return first..next;
    }

    /// <summary>Tokens that go to each of some experts.</summary>
    public ReadOnlySpan<int> CountsOf(Range some) => _counts.AsSpan(some);

    /// <summary>Tokens that go to the first of some experts, ascending, then those of the next, and so on.</summary>
    public ReadOnlySpan<int> RowsOf(Range some) => _rows.AsSpan(Places(some));

    /// <summary>How much the expert counts for each of them.</summary>
    public ReadOnlySpan<float> SharesOf(Range some) => _sharesByExpert.AsSpan(Places(some));

    private Range Places(Range some) => _starts[some.Start.Value].._starts[some.End.Value];
}
