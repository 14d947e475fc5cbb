using System.Text;
using Minka.Compute;
using Minka.Models.Tests.Loading.Writers;

namespace Minka.Models.Tests.Loading.Fuzzing;

/// <summary>Small sound models with something of everything their formats have.</summary>
internal static class SampleModels
{
    private static readonly ModelConfig _config = new()
    {
        Architecture = "llama",
        VocabularySize = 6,
        Layers = 2,
        Width = 32,
        FeedForwardWidth = 32,
        Heads = 4,
        KvHeads = 2,
        HeadDim = 8,
        ContextLength = 16,
        NormEpsilon = 1e-5f,
        Rope = new RopeConfig
        {
            Theta = 10_000,
            Dimensions = 8,
            Pairs = RopePairs.Adjacent,
            Scaling = new RopeScaling.Llama3(8, 1, 4, 8192),
        },
    };

    public static byte[] Gguf() => Metadata(new GgufWriter())
        .AddTensor("token_embd.weight", [6, 8], new float[48]).AddTensor("blk.0.attn_norm.weight", [8], new float[8])
        .AddTensor("blk.0.attn_q.weight", 1, [8, 8], new byte[128]).AddTensor("quantized", 8, [2, 32], new byte[68])
        .AddTensor("rope_freqs.weight", [2], 1, 2).AddTensor("output_norm.weight", [8], new float[8]).ToArray();

    /// <summary>Experts as today's converter writes them, and in layer 1 one by one, as it used to.</summary>
    public static byte[] Mixture() => Metadata(new GgufWriter(), layers: 2).Add("llama.expert_count", 2u)
        .Add("llama.expert_used_count", 1u).Add("llama.expert_feed_forward_length", 4u)
        .AddTensor("token_embd.weight", [6, 8], new float[48])
        .AddTensor("blk.0.ffn_gate_inp.weight", [2, 8], new float[16])
        .AddTensor("blk.0.ffn_gate_exps.weight", [2, 4, 8], new float[64])
        .AddTensor("blk.1.ffn_gate_inp.weight", [2, 8], new float[16])
        .AddTensor("blk.1.ffn_gate.0.weight", [4, 8], new float[32])
        .AddTensor("blk.1.ffn_gate.1.weight", [4, 8], new float[32]).ToArray();

    public static Dictionary<string, byte[]> SplitGguf() => new()
    {
        ["model-00001-of-00002.gguf"] = Metadata(new GgufWriter()).Add("split.no", (ushort)0)
            .Add("split.count", (ushort)2).Add("split.tensors.count", 2)
            .AddTensor("token_embd.weight", [6, 8], new float[48]).ToArray(),
        ["model-00002-of-00002.gguf"] = new GgufWriter().Add("split.no", (ushort)1).Add("split.count", (ushort)2)
            .Add("split.tensors.count", 2).AddTensor("output_norm.weight", [8], new float[8]).ToArray(),
    };

    public static byte[] Dllama() => Dllama(_config);

    public static byte[] DllamaMixture() => Dllama(_config with
    {
        Architecture = "qwen3_moe",
        FeedForwardWidth = 0,
        Experts = new() { Count = 2, Active = 1, Width = 32 },
        Rope = _config.Rope with { Pairs = RopePairs.Halves, Scaling = RopeScaling.None },
    });

    private static byte[] Dllama(ModelConfig config)
    {
        var writer = DllamaWriter.For(config, DType.Q4_0);
        foreach (var (_, type, rows, columns) in DllamaWriter.Layout(config, DType.Q4_0))
            writer.AddWeight(new byte[rows * type.RowBytes(columns)]);
        return writer.ToArray();
    }

    public static byte[] DllamaTokenizer() =>
        new DllamaTokenizerWriter { BosId = 2, EosIds = [3, 2], Template = "{{ messages }}" }
            .Add("a", 0).Add("bc", -1).Add("<s>", 0).Add("</s>", 0).ToArray();

    public static Dictionary<string, byte[]> HuggingFace() => new()
    {
        ["config.json"] = Text("""
            {"model_type": "qwen2", "vocab_size": 6, "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 2,
             "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 4, "rms_norm_eps": 1e-6,
             "max_position_embeddings": 64, "rope_parameters": {"rope_type": "yarn", "factor": 4.0, "rope_theta": 1e4,
             "original_max_position_embeddings": 16, "mscale": 1.0, "mscale_all_dim": 0.7, "truncate": false},
             "use_sliding_window": true, "sliding_window": 16, "max_window_layers": 1,
             "layer_types": ["full_attention", "sliding_attention"], "eos_token_id": [1, 2], "hidden_act": "silu",
             "tie_word_embeddings": false, "quantization_config": null}
            """),
        ["generation_config.json"] = Text("""
            {"do_sample": true, "temperature": 0.7, "top_k": 20, "top_p": 0.8, "min_p": 0.0,
             "repetition_penalty": 1.05, "eos_token_id": [1, 2]}
            """),
        ["tokenizer_config.json"] = Text("""
            {"chat_template": [{"name": "default", "template": "{{ x }}"}, {"name": "tool_use", "template": "\u00e9"}]}
            """),
        ["model.safetensors.index.json"] = Text("""
            {"metadata": {"total_size": 1}, "weight_map": {"model.embed_tokens.weight": "model-1.safetensors",
             "model.layers.0.self_attn.q_proj.weight": "model-1.safetensors", "lm_head.weight": "model-2.safetensors"}}
            """),
        ["model-1.safetensors"] = new SafetensorsWriter().Add("model.embed_tokens.weight", [6, 8], new float[48])
            .Add("model.layers.0.self_attn.q_proj.weight", "BF16", [8, 8], new byte[128])
            .Add("ids", "I64", [1, 2], new byte[16]).ToArray(),
        ["model-2.safetensors"] = new SafetensorsWriter().Add("lm_head.weight", [6, 8], new float[48]).ToArray(),
    };

    private static GgufWriter Metadata(GgufWriter writer, int layers = 1) => writer
        .Add("general.architecture", "llama").Add("general.alignment", 32u).Add("general.name", "Sample")
        .Add("llama.block_count", (uint)layers).Add("llama.embedding_length", 8u).Add("llama.feed_forward_length", 16u)
        .Add("llama.context_length", 64u).Add("llama.attention.head_count", 2u)
        .Add("llama.attention.head_count_kv", new[] { 1, 1 }).Add("llama.attention.layer_norm_rms_epsilon", 1e-5f)
        .Add("llama.rope.scaling.type", "yarn").Add("llama.rope.scaling.factor", 2f)
        .Add("tokenizer.ggml.tokens", new[] { "a", "b", "<s>" }).Add("tokenizer.ggml.scores", new[] { 0f, -1f, 0f })
        .Add("tokenizer.ggml.token_type", new[] { 1, 1, 3 }).Add("tokenizer.ggml.eos_token_id", 2ul)
        .Add("tokenizer.chat_template", "{{ x }}").Add("nested", new[] { new[] { 1 }, new[] { 2, 3 } })
        .Add("wide", new[] { 1.5, 2.5 }).Add("flag", true);

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);
}
