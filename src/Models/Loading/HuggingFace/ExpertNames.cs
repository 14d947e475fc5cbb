namespace Minka.Models.Loading.HuggingFace;

/// <summary>What a family calls router and experts; everything else is as in every Llama-like decoder.</summary>
/// <param name="Branch">What the feed-forward of a sparse layer is called.</param>
/// <param name="Gate">Gate projection of an expert.</param>
/// <param name="Up">Up projection.</param>
/// <param name="Down">Down projection.</param>
internal sealed record ExpertNames(string Branch, string Gate, string Up, string Down)
{
    /// <summary>
    /// <c>blk.3.ffn_gate_inp.weight</c> is <c>model.layers.3.mlp.gate.weight</c> and <c>blk.3.ffn_up.7.weight</c> is
    /// <c>model.layers.3.mlp.experts.7.up_proj.weight</c>; null for a weight that there is not.
    /// </summary>
    public string? Find(string weight) => weight.Split('.') switch
    {
        ["blk", var layer, "ffn_gate_inp", var kind] => $"model.layers.{layer}.{Branch}.gate.{kind}",
        ["blk", var layer, var part, var expert, var kind] when Projection(part) is { } name =>
            $"model.layers.{layer}.{Branch}.experts.{expert}.{name}.{kind}",
        _ => DecoderNames.Find(weight),
    };

    private string? Projection(string part) => part switch
    {
        "ffn_gate" => Gate,
        "ffn_up" => Up,
        "ffn_down" => Down,
        _ => null,
    };
}
