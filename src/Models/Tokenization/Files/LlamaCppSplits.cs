using Minka.Models.Loading;
using Minka.Models.Tokenization.Patterns;
using Minka.Models.Tokenization.Splitting;

namespace Minka.Models.Tokenization.Files;

/// <summary>How a GGUF file's <c>tokenizer.ggml.pre</c> splits text and merges it.</summary>
/// <param name="Steps">Applied in order; text outside every match of a step is a piece of its own.</param>
internal sealed record LlamaCppSplit(IReadOnlyList<ISplitStep> Steps)
{
    /// <summary>A piece that is a token is that token.</summary>
    public bool IgnoresMerges { get; init; }

    /// <summary>BOS is added when the file does not say.</summary>
    public bool AddsBos { get; init; }

    /// <summary>Spaces are written U+2581 and characters merge, not byte letters.</summary>
    public bool IsSentencePieceLike { get; init; }
}

/// <summary>The names that <c>tokenizer.ggml.pre</c> may have and what llama.cpp does for each.</summary>
internal static class LlamaCppSplits
{
    private const string Contractions = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
    private const string Ends = @"|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string BloomWords = @" ?[^(\s|.,!?\u2026\u3002\uFF0C\u3001\u0964\u06D4\u060C)]+";

    // llama.cpp matches named characters only where they are no white space, so U+2028 and U+3000 stay out.
    private const string Cjk = @"[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF&&\S]+";

    private static readonly Gpt2Scanner Gpt2 = new();
    private static readonly Cl100kScanner Llama3 = new(digits: 3, CharKind.Letter, longS: false);
    private static readonly Cl100kScanner Qwen2 = new(digits: 1, CharKind.Letter, longS: false);
    private static readonly Cl100kScanner Qwen35 = new(digits: 1, CharKind.Letter | CharKind.Mark, longS: false);
    private static readonly O200kScanner Gpt4o = new(digits: 3, contractions: true, asLlamaCpp: true);
    private static readonly O200kScanner Tekken = new(digits: 1, contractions: false, asLlamaCpp: true);

    private static readonly string[] DeepseekV3 =
    [
        @"\p{N}{1,3}",
        @"[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+",
        @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
            + @"| ?[\p{P}\p{S}]+[\r\n]*" + Ends,
    ];

    private static readonly string[] DeepseekLlm =
    [
        "[\r\n]",
        @"\s?[A-Za-z\u00B5\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u01BA\u01BC-\u01BF\u01C4-\u0293\u0295-\u02AF\u0370"
            + @"-\u0373\u0376\u0377\u037B-\u037D\u037F\u0386\u0388-\u038A\u038C\u038E-\u03A1\u03A3-\u03F5\u03F7-"
            + @"\u0481\u048A-\u052F\u0531-\u0556\u10A0-\u10C5\u13A0-\u13F5\u13F8-\u13FD\u1C90-\u1CBA\u1CBD-\u1CBF"
            + @"\u1D00-\u1D2B\u1D6B-\u1D77\u1D79-\u1D9A\u1E00-\u1F15\u1F18-\u1F1D\u1F20-\u1F45\u1F48-\u1F4D\u1F50-"
            + @"\u1F57\u1F59\u1F5B\u1F5D\u1F5F-\u1F7D\u1F80-\u1FB4\u1FB6-\u1FBC\u1FBE\u1FC2-\u1FC4\u1FC6-\u1FCC"
            + @"\u1FD0-\u1FD3\u1FD6-\u1FDB\u1FE0-\u1FEC\u1FF2-\u1FF4\u1FF6-\u1FFC\u2102\u2107\u210A-\u2113\u2115"
            + @"\u2119-\u211D\u2124\u2126\u2128\u212A-\u212D\u212F-\u2134\u2139\u213C-\u213F\u2145-\u2149\u214E"
            + @"\u2183\u2184\u2C00-\u2C7B\u2C7E-\u2CE4\u2CEB-\u2CEE\u2CF2\u2CF3\uA640-\uA66D\uA680-\uA69B\uA722-"
            + @"\uA76F\uA771-\uA787\uA78B-\uA78E\uAB70-\uABBF\uFB00-\uFB06\uFB13-\uFB17\uFF21-\uFF3A\uFF41-\uFF5A"
            + @"\x{10400}-\x{1044F}\x{104B0}-\x{104D3}\x{104D8}-\x{104FB}\x{10C80}-\x{10CB2}\x{10CC0}-\x{10CF2}"
            + @"\x{118A0}-\x{118DF}\x{1E900}-\x{1E943}]+",
        @"\s?[!-/:-~\uFF01-\uFF0F\uFF1A-\uFF5E\u2018-\u201F\u3001-\u3002]+",
        @"\s+\z",
        Cjk,
        @"\p{N}+",
    ];

    /// <summary>Finds how a name splits.</summary>
    /// <exception cref="UnsupportedModelException">The name is not known.</exception>
    public static LlamaCppSplit Find(string name) => name switch
    {
        "default" or "" => Of(@"[\p{P}\$\+<=>\^~\|]+", Gpt2, @"\p{N}+", "[0-9][0-9][0-9]"),
        "gpt-2" or "phi-2" or "mpt" or "olmo" or "jais" or "trillion" or "granite-docling" or "gigachat" or "mellum"
            or "a.x-4.0" or "exaone4" or "modern-bert" or "roberta-bpe" or "jina-es" or "jina-de" or "jina-v1-en"
            or "jina-v2-es" or "jina-v2-de" or "jina-v2-code" => Of(Gpt2),
        "smollm" or "starcoder" or "refact" or "command-r" or "codeshell" or "exaone" or "minerva-7b" or "mellum2" =>
            Of(@"\p{N}", Gpt2),
        "llama-bpe" or "llama3" or "llama-v3" or "falcon3" or "falcon-h1" or "pixtral" or "midm-2.0" or "lfm2"
            or "jina-v5-nano" => Of(Llama3) with { IgnoresMerges = true, AddsBos = true },
        "dbrx" or "smaug-bpe" or "glm4" or "chatglm-bpe" => Of(Llama3),
        "qwen2" or "deepseek-r1-qwen" or "kormo" or "f2llmv2" or "megrez" or "stablelm2" or "hunyuan" or "solar-open"
            or "grok-2" => Of(Qwen2),
        "qwen35" => Of(Qwen35),
        "gpt-4o" or "llama4" or "kanana2" or "talkie" or "minimax-m2" => Of(Gpt4o),
        "tekken" => Of(Tekken) with { IgnoresMerges = true, AddsBos = true },
        "deepseek-llm" => Of([.. DeepseekLlm]),
        "deepseek-coder" => Of("[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", Cjk, @"\p{N}"),
        "deepseek-v3" or "hunyuan-dense" or "joyai-llm" => Of([.. DeepseekV3]),
        "falcon" => Of(@"[\p{P}\$\+<=>\^~\|`]+", Gpt2, "[0-9][0-9][0-9]"),
        "bloom" or "poro-chat" or "gpt3-finnish" => Of(BloomWords),
        "viking" => Of(BloomWords, @"\p{N}"),
        _ => FindRare(name),
    };

    private static LlamaCppSplit FindRare(string name) => name switch
    {
        "gemma4" or "granite-embed-multi-311m" or "sarvam-moe" => Of(@"[^\n]+|\n+") with { IsSentencePieceLike = true },
        "superbpe" => Of(@"\p{N}+", "(?=([0-9]{3})+(?![0-9]))"),
        "minicpm5" => Of(@"\p{N}{1,3}", Words(@"\p{L}+", @"\p{N}+", @"[\r\n]*") + Ends) with { IgnoresMerges = true },
        "seed-coder" => Of($@"{Contractions}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}| ?[^\s\p{{L}}\p{{N}}\r\n]+" + Ends),
        "exaone-moe" => Of(Words(@"(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+", @"\p{N}", @"[\r\n/]?")
            + @"|\s*[\r\n]|\s+(?!\S)|\s+"),
        "bailingmoe" or "bailingmoe2" or "llada-moe" => Of(
            @"'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
            + @"|\s*[\r\n]|\s+(?!\S)|\s+"),
        "jais-2" => Of(Words(@"\p{L}+", @"\p{N}{1,3}", @"[\r\n]*") + @"|\s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)"
            + @"|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s"),
        "granite-embed-multi-97m" => Of(Granite97m) with { IgnoresMerges = true },
        _ => throw new UnsupportedModelException($"pre-tokenizer {name}", $"The GGUF file splits text as '{name}', "
            + "which Minka does not know; convert it again with a known name, such as llama-bpe, qwen2 or gpt-2."),
    };

    private static string Words(string word, string number, string behindOthers) =>
        $@"{Contractions}|[^\r\n\p{{L}}\p{{N}}]?{word}|{number}| ?[^\s\p{{L}}\p{{N}}]+{behindOthers}";

    private static string Granite97m =>
        MarkedWords + Contractions + @"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + Ends;

    private static string MarkedWords =>
        @"[^\r\n\p{L}\p{N}]?[\p{L}\p{M}&&[^a-z]]*[\p{L}\p{M}&&[^A-Z]]+" + Contractions
        + @"?|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}&&[^a-z]]+[\p{L}\p{M}&&[^A-Z]]*";

    private static LlamaCppSplit Of(params object[] steps) => new([.. steps.Select(step => step is WordScanner scanner
        ? (ISplitStep)new ScannerSplit(scanner)
        : new PatternSplit(Pattern.Parse((string)step), SplitBehavior.Isolated))]);
}
