using Minka.Engine.Constraints.Masks;

namespace Minka.Engine.Sampling.Filters;

/// <summary>Forbids all tokens but some.</summary>
internal sealed class AllowedTokens : ILogitFilter
{
    private readonly TokenMask _allowed;

    /// <param name="ids">Those that may come; at least one.</param>
    public AllowedTokens(IReadOnlyList<int> ids)
    {
        _allowed = new(ids.Max() + 1);
        foreach (var id in ids) _allowed.Add(id);
    }

    public void Apply(Span<float> logits, in SamplingPoint at) => _allowed.Apply(logits);
}
