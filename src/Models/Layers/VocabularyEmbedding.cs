using Minka.Collectives;
using Minka.Compute;

namespace Minka.Models.Layers;

/// <summary>Rows of the embedding for tokens. Each rank has some; the others add zeros, so the sum is exact.</summary>
/// <param name="ranks">Ranks that hold the other rows.</param>
/// <param name="table">This rank's rows, <c>[rows, D]</c>; null for none. Stays the caller's.</param>
/// <param name="rows">Which they are.</param>
/// <param name="vocabularySize">Rows of all ranks, V.</param>
/// <param name="tokensMax">Tokens of the largest step.</param>
internal sealed class VocabularyEmbedding(
    ICommunicator ranks, Matrix? table, Range rows, int vocabularySize, int tokensMax)
{
    private readonly bool _isWhole = rows.Count == vocabularySize;
    private readonly int[] _mine = new int[tokensMax];

    /// <summary>Writes <paramref name="x"/>, <c>[T, D]</c>, all columns of its storage.</summary>
    public void Forward(Tensor x, ReadOnlySpan<int> tokens, IBackend on)
    {
        if (_isWhole)
        {
            on.Embed(x, table!, tokens);
            return;
        }
        if (table is not null) on.Embed(x, table, Mine(tokens));
        var all = on.Host(x);
        for (var t = 0; t < tokens.Length; t++)
            if (!rows.Has(tokens[t])) all.Slice(t * x.Columns, x.Columns).Clear();
        ranks.AllReduce(all);
    }

    /// <summary>Tokens as rows of the table; any row for those that are not in it.</summary>
    private ReadOnlySpan<int> Mine(ReadOnlySpan<int> tokens)
    {
        for (var t = 0; t < tokens.Length; t++) _mine[t] = rows.Has(tokens[t]) ? tokens[t] - rows.Start.Value : 0;
        return _mine.AsSpan(0, tokens.Length);
    }
}
