namespace Minka.Models.Loading.HuggingFace;

/// <summary>What transformers calls the weights of a Llama-like decoder.</summary>
internal static class DecoderNames
{
    private static readonly Dictionary<string, string> _whole = new()
    {
        ["token_embd"] = "model.embed_tokens",
        ["output_norm"] = "model.norm",
        ["output"] = "lm_head",
    };

    private static readonly Dictionary<string, string> _ofLayer = new()
    {
        ["attn_norm"] = "input_layernorm",
        ["attn_q"] = "self_attn.q_proj",
        ["attn_k"] = "self_attn.k_proj",
        ["attn_v"] = "self_attn.v_proj",
        ["attn_output"] = "self_attn.o_proj",
        ["attn_q_norm"] = "self_attn.q_norm",
        ["attn_k_norm"] = "self_attn.k_norm",
        ["ffn_norm"] = "post_attention_layernorm",
        ["ffn_gate"] = "mlp.gate_proj",
        ["ffn_up"] = "mlp.up_proj",
        ["ffn_down"] = "mlp.down_proj",
    };

    /// <summary><c>blk.3.attn_q.bias</c> is <c>model.layers.3.self_attn.q_proj.bias</c>; null for others.</summary>
    public static string? Find(string weight) => weight.Split('.') switch
    {
        [var part, var kind] when _whole.TryGetValue(part, out var name) => $"{name}.{kind}",
        ["blk", var layer, var part, var kind] when _ofLayer.TryGetValue(part, out var name) =>
            $"model.layers.{layer}.{name}.{kind}",
        _ => null,
    };
}
