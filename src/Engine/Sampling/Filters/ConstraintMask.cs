using Minka.Engine.Constraints.Masks;

namespace Minka.Engine.Sampling.Filters;

/// <summary>Forbids every token after which a constraint could not be kept any more.</summary>
internal sealed class ConstraintMask(ConstraintMatcher matcher, int[] stopIds) : ILogitFilter
{
    private readonly float[] _stopLogits = new float[stopIds.Length];

    public void Apply(Span<float> logits, in SamplingPoint at)
    {
        matcher.MoveTo(at.Text);
        for (var i = 0; i < stopIds.Length; i++) _stopLogits[i] = logits[stopIds[i]];
        matcher.Allowed().Apply(logits);

        // What ends a text is no text: it may come wherever the constraint is kept already.
        if (!matcher.CanEnd) return;
        for (var i = 0; i < stopIds.Length; i++) logits[stopIds[i]] = _stopLogits[i];
    }
}
