using System.Text;
using Minka.Models.Loading;
using Minka.Models.Loading.Gguf;
using Minka.Models.Tokenization.Decoding;
using Minka.Models.Tokenization.Merging;
using Minka.Models.Tokenization.Normalizing;

namespace Minka.Models.Tokenization.Files;

/// <summary>Puts a tokenizer together from a GGUF file's metadata, as llama.cpp would.</summary>
internal sealed class GgufTokenizer
{
    private const string Prefix = "tokenizer.ggml.";

    private readonly GgufMetadata _metadata;
    private readonly GgufTokens _tokens;
    private readonly string _model;

    private GgufTokenizer(GgufMetadata metadata)
    {
        _metadata = metadata;
        _model = Text("model") ?? throw new ModelFormatException(
            "The GGUF file has no tokenizer.ggml.model; a file with a vocabulary is needed.");
        _tokens = GgufTokens.Read(metadata);
    }

    /// <summary>Reads the metadata.</summary>
    public static TokenizerParts Read(GgufMetadata metadata)
    {
        var tokenizer = new GgufTokenizer(metadata);
        return tokenizer._model switch
        {
            "llama" => tokenizer.BuildSentencePiece(),
            "gpt2" => tokenizer.BuildBytePairs(tokenizer.Text("pre") ?? ""),
            "gemma4" => tokenizer.BuildBytePairs("gemma4"),
            var other => throw new UnsupportedModelException($"tokenizer model {other}", "The GGUF file has a "
                + $"tokenizer of the model '{other}', which Minka does not know; it knows llama, gpt2 and gemma4."),
        };
    }

    private string? Text(string key) => _metadata.TryGetString(Prefix + key, out var text) ? text : null;

    private bool Flag(string key, bool otherwise) =>
        _metadata.TryGetBool(Prefix + key, out var flag) ? flag : otherwise;

    // Ids that are no token are passed over, as llama.cpp does.
    private int? Id(string key, int? otherwise) =>
        _metadata.TryGetInteger(Prefix + key, out var id) && id >= 0 && id < _tokens.Texts.Length ? (int)id : otherwise;

    private TokenizerParts BuildSentencePiece()
    {
        var scores = _metadata.Floats(Prefix + "scores");
        if (scores is null || scores.Length < _tokens.Texts.Length)
            throw new ModelFormatException($"The GGUF file has {_tokens.Texts.Length} tokens and {scores?.Length ?? 0} "
                + "scores; SentencePiece needs a score for each token.");

        var vocabulary = _tokens.MakeVocabulary(BytesOfPiece);
        var pieces = PieceTables.OfText(vocabulary, _tokens.TextIds, isByteLevel: false);
        var rules = new PieceRules
        {
            IsByteLevel = false,
            ByteTokens = ByteTokens.Find(vocabulary),
            UnknownId = Id("unknown_token_id", 0) ?? -1,
        };
        var addsSpace = Flag("add_space_prefix", true);
        var escape = new ReplaceNormalizer(" ", "▁");
        return Build(vocabulary, Flag("add_bos_token", true), bos: 1, eos: 2) with
        {
            Kind = "SentencePiece BPE",
            Normalizer = addsSpace ? new SequenceNormalizer([new PrependNormalizer("▁"), escape]) : escape,
            Splits = PieceTables.WithWordStarts([], pieces, '▁'),
            Encoder = new PieceEncoder<ScoredMerges>(
                pieces, ScoredMerges.Over(pieces, scores), rules, vocabulary.Count),
            Detokenizer = new ByteDetokenizer(vocabulary, dropsFirstSpace: addsSpace),
        };
    }

    private TokenizerParts BuildBytePairs(string pre)
    {
        var split = LlamaCppSplits.Find(pre);
        var isByteLevel = !split.IsSentencePieceLike;
        var vocabulary = _tokens.MakeVocabulary(isByteLevel ? ByteLetters.BytesOf : BytesOfPiece);
        var pieces = PieceTables.OfText(vocabulary, _tokens.TextIds, isByteLevel);
        var rules = new PieceRules
        {
            IsByteLevel = isByteLevel,
            IgnoresMerges = split.IgnoresMerges,
            TakesLineFeedsWhole = pre == "gemma4",
            ByteTokens = isByteLevel ? null : ByteTokens.Find(vocabulary),
        };
        var merges = new RankedMerges(MergeTables.Read(vocabulary, ReadMerges(), replaces: false));
        var name = pre.Length == 0 ? "default" : pre;
        var addsBos = Flag("add_bos_token", split.AddsBos) || pre == "gemma4";
        return Build(vocabulary, addsBos, bos: null, eos: null) with
        {
            Kind = $"{(isByteLevel ? "byte-level" : "SentencePiece-like")} BPE ({name})",
            Normalizer = isByteLevel ? null : new ReplaceNormalizer(" ", "▁"),
            Splits = isByteLevel ? split.Steps : PieceTables.WithWordStarts(split.Steps, pieces, '▁'),
            Encoder = new PieceEncoder<RankedMerges>(pieces, merges, rules, vocabulary.Count),
        };
    }

    // The encoder is put in by the caller; bos and eos hold where the file names none.
    private TokenizerParts Build(Vocabulary vocabulary, bool addsBos, int? bos, int? eos)
    {
        var bosId = Id("bos_token_id", bos < vocabulary.Count ? bos : null);
        var eosId = Id("eos_token_id", eos < vocabulary.Count ? eos : null);
        var known = new[] { eosId, Id("eot_token_id", null), Id("eom_token_id", null) }.OfType<int>();
        var marks = _tokens.Added.Select(token => (token.Id, token.Content)).ToList();
        return new TokenizerParts
        {
            Kind = _model,
            Vocabulary = vocabulary,
            Added = _tokens.AddedOf(_metadata.TryGetString("general.name", out var name) ? name : ""),
            Splits = [],
            Encoder = null!,
            Detokenizer = new ByteDetokenizer(vocabulary, dropsFirstSpace: false),
            BosId = bosId,
            EosIds = known.Concat(EndTokens.Pick(marks)).Distinct(),
            Prefix = addsBos && bosId is { } first ? [first] : [],
            Suffix = Flag("add_eos_token", false) && eosId is { } last ? [last] : [],
        };
    }

    private static ReadOnlySpan<byte> BytesOfPiece(ReadOnlySpan<byte> token)
    {
        var text = Encoding.UTF8.GetString(token);
        return Encoding.UTF8.GetBytes(text.Replace('▁', ' '));
    }

    private ByteTexts ReadMerges()
    {
        var merges = _metadata.Strings(Prefix + "merges")
            ?? throw new ModelFormatException("The GGUF file has no tokenizer.ggml.merges; byte-pair encoding needs "
                + "them.");
        var parts = new ByteTexts.Builder();
        foreach (var merge in merges)
        {
            var space = merge.Length > 1 ? merge.IndexOf(' ', 1) : -1;
            if (space < 0)
                throw new ModelFormatException($"The GGUF file has the merge '{merge}'; two pieces with a space "
                    + "between are needed.");
            parts.Add(Encoding.UTF8.GetBytes(merge[..space]));
            parts.Add(Encoding.UTF8.GetBytes(merge[(space + 1)..]));
        }
        return parts.Build();
    }
}
