using System.Text;
using System.Text.Json;
using Minka.Models.Loading;
using Minka.Models.Tokenization.Merging;
using Minka.Models.Tokenization.Splitting;

namespace Minka.Models.Tokenization.Files;

/// <summary>Puts a tokenizer together from <c>tokenizer.json</c>, as Hugging Face <c>tokenizers</c> would.</summary>
internal sealed class TokenizerJson
{
    private readonly TokenizerJsonFile _file;
    private readonly TokenizerConfigJson _config;
    private readonly List<AddedToken> _added;
    private readonly DecoderJson _decoder;
    private readonly IReadOnlyList<ISplitStep> _splits;
    private readonly bool _isByteLevel;
    private readonly string _splitName;

    private TokenizerJson(TokenizerJsonFile file, TokenizerConfigJson config)
    {
        (_file, _config) = (file, config);
        _splits = SplitJson.Read(Field("pre_tokenizer"), out _isByteLevel, out _splitName);
        _decoder = new DecoderJson(Field("decoder"));
        _added = [.. ReadAdded()];
    }

    /// <summary>Reads the file and what <c>tokenizer_config.json</c> adds to it.</summary>
    public static TokenizerParts Read(ReadOnlyMemory<byte> json, ReadOnlyMemory<byte> configJson)
    {
        try
        {
            return new TokenizerJson(TokenizerJsonFile.Read(json.Span), TokenizerConfigJson.Read(configJson)).Build();
        }
        catch (InvalidOperationException e)
        {
            throw new ModelFormatException($"tokenizer.json has a value of a wrong kind: {e.Message.TrimEnd('.')}.", e);
        }
    }

    private JsonElement? Field(string name) => _file.Fields.TryGetValue(name, out var field) ? field : null;

    private TokenizerParts Build()
    {
        var vocabulary = MakeVocabulary();
        var template = new TemplateJson(Field("post_processor"));
        foreach (var id in template.Prefix.Concat(template.Suffix)) Check(id, vocabulary.Count, "The post-processor");

        var bos = _config.Bos is { } name && vocabulary.Find(name) is var named and >= 0 ? named
            : template.Prefix is [var first, ..] ? first : (int?)null;
        var prefix = template.Prefix;
        if (_config.AddsBos is { } addsBos && bos is { } begin && prefix.Contains(begin) != addsBos)
            prefix = addsBos ? [begin, .. prefix] : [.. prefix.Where(id => id != begin)];

        var special = _added.Where(token => token.IsSpecial).Select(token => token.Id).ToHashSet();
        var pieces = PieceTables.OfText(vocabulary, _file.PieceIds.Where(id => !special.Contains(id)), _isByteLevel);
        var ends = EndTokens.Pick([.. _added.Select(token => (token.Id, token.Content))]);
        if (_config.Eos is { } eos && vocabulary.Find(eos) is var end and >= 0) ends = ends.Prepend(end);
        return new TokenizerParts
        {
            Kind = Kind(),
            Vocabulary = vocabulary,
            Added = _added,
            Normalizer = NormalizerJson.Read(Field("normalizer")),
            Splits = IsCutAtWords ? PieceTables.WithWordStarts(_splits, pieces, '▁') : _splits,
            Encoder = MakeEncoder(vocabulary, pieces),
            Detokenizer = _decoder.Make(vocabulary),
            BosId = bos,
            EosIds = ends.Distinct(),
            Prefix = prefix,
            Suffix = template.Suffix,
        };
    }

    private IEnumerable<AddedToken> ReadAdded()
    {
        var json = Field("added_tokens");
        if (json is not { ValueKind: JsonValueKind.Array } array) yield break;
        foreach (var token in array.EnumerateArray())
        {
            var content = token.NeededText("content");
            var id = token.Number("id", -1);
            Check(id, Vocabulary.IdMax + 1, $"Added token '{content}'");
            if (content.Length == 0) continue;
            yield return new AddedToken(id, content, token.Flag("special", false))
            {
                IsSingleWord = token.Flag("single_word", false),
                StripsLeft = token.Flag("lstrip", false),
                StripsRight = token.Flag("rstrip", false),
                IsNormalized = token.Flag("normalized", false),
            };
        }
    }

    private static void Check(int id, int limit, string who)
    {
        if (id < 0 || id >= limit)
            throw new ModelFormatException($"{who} in tokenizer.json has the id {id}; 0 to {limit - 1} are possible.");
    }

    private Vocabulary MakeVocabulary()
    {
        // Ids may have gaps, but tables are as long as the highest id: it must not be far beyond the number of tokens.
        var limit = (int)Math.Min(Vocabulary.IdMax, 65_536 + 2L * (_file.PieceIds.Count + _added.Count));
        var count = 1 + _file.PieceIds.Concat(_added.Select(token => token.Id)).DefaultIfEmpty(-1).Max();
        if (_file.PieceIds.Count + _added.Count == 0)
            throw new ModelFormatException("tokenizer.json has no tokens; a vocabulary is needed.");
        Check(count - 1, limit, "The vocabulary");
        var pieceOf = new int[count];
        Array.Fill(pieceOf, -1);
        for (var piece = 0; piece < _file.PieceIds.Count; piece++)
        {
            var id = _file.PieceIds[piece];
            Check(id, count, $"Token '{Encoding.UTF8.GetString(_file.Pieces[piece])}'");
            if (pieceOf[id] >= 0)
                throw new ModelFormatException($"tokenizer.json has two tokens of the id {id}, "
                    + $"'{Encoding.UTF8.GetString(_file.Pieces[pieceOf[id]])}' and "
                    + $"'{Encoding.UTF8.GetString(_file.Pieces[piece])}'; one may.");
            pieceOf[id] = piece;
        }
        var texts = LayOut(pieceOf);
        var bytes = new ByteTexts.Builder();
        for (var id = 0; id < count; id++) bytes.Add(_decoder.BytesOf(texts[id]));
        return new Vocabulary(texts, bytes.Build(), _added.Where(token => token.IsSpecial).Select(token => token.Id));
    }

    // An added token that is in the vocabulary under another id keeps the vocabulary's, as Hugging Face has it.
    private ByteTexts LayOut(int[] pieceOf)
    {
        var known = new PieceTable(_file.Pieces);
        for (var piece = 0; piece < _file.Pieces.Count; piece++)
        {
            if (!known.TryAdd(piece))
                throw new ModelFormatException($"tokenizer.json has the token "
                    + $"'{Encoding.UTF8.GetString(_file.Pieces[piece])}' twice; once is needed.");
        }
        var addedOf = new Dictionary<int, string>();
        for (var i = 0; i < _added.Count; i++)
        {
            var token = _added[i];
            var piece = known.Find(Encoding.UTF8.GetBytes(token.Content));
            if (piece >= 0) _added[i] = token with { Id = _file.PieceIds[piece] };
            else if (pieceOf[token.Id] >= 0 || !addedOf.TryAdd(token.Id, token.Content))
                throw new ModelFormatException($"tokenizer.json gives the id {token.Id} to '{token.Content}' and to "
                    + "another token; an id has one token.");
        }
        var texts = new ByteTexts.Builder();
        for (var id = 0; id < pieceOf.Length; id++)
        {
            texts.Add(pieceOf[id] >= 0 ? _file.Pieces[pieceOf[id]]
                : addedOf.TryGetValue(id, out var content) ? Encoding.UTF8.GetBytes(content) : []);
        }
        return texts.Build();
    }

    private string ModelType => _file.ModelFields.TryGetValue("type", out var type)
        && type.ValueKind == JsonValueKind.String ? type.GetString()!
        : _file.PieceScores.Count > 0 ? "Unigram" : "BPE";

    // Not where a piece that is a token is taken whole, nor where unknown characters vanish and their neighbours meet.
    private bool IsCutAtWords => ModelType == "BPE" && !_isByteLevel && !ModelFlag("ignore_merges")
        && (ModelFlag("byte_fallback") || ModelText("unk_token") is not null);

    private string Kind() => ModelType == "Unigram" ? $"Unigram ({_splitName})"
        : _isByteLevel ? $"byte-level BPE ({_splitName})"
        : ModelFlag("byte_fallback") ? $"SentencePiece BPE ({_splitName})" : $"BPE ({_splitName})";

    private bool ModelFlag(string name) => _file.ModelFields.TryGetValue(name, out var flag)
        && flag.ValueKind == JsonValueKind.True;

    private string? ModelText(string name) => _file.ModelFields.TryGetValue(name, out var text)
        && text.ValueKind == JsonValueKind.String && text.GetString() is { Length: > 0 } value ? value : null;

    private IPieceEncoder MakeEncoder(Vocabulary vocabulary, PieceTable pieces)
    {
        return ModelType switch
        {
            "BPE" => MakeBytePairs(vocabulary, pieces),
            "Unigram" => MakeUnigram(vocabulary, pieces),
            var other => throw new UnsupportedModelException($"tokenizer model {other}", "tokenizer.json has a model "
                + $"of type '{other}', which Minka does not know; it knows BPE and Unigram."),
        };
    }

    private UnigramEncoder MakeUnigram(Vocabulary vocabulary, PieceTable pieces)
    {
        var unknown = _file.ModelFields.TryGetValue("unk_id", out var id) && id.ValueKind == JsonValueKind.Number
            && id.TryGetInt32(out var value) ? value : -1;
        if (unknown >= vocabulary.Count) Check(unknown, vocabulary.Count, "unk_id");
        if (_file.PieceScores.Count != _file.PieceIds.Count)
            throw new ModelFormatException("tokenizer.json has a Unigram model without scores; pairs of piece and "
                + "score are needed.");
        var bytes = ModelFlag("byte_fallback") ? ByteTokens.Find(vocabulary) : null;
        return new UnigramEncoder(pieces, [.. _file.PieceScores], unknown, bytes);
    }

    private PieceEncoder<RankedMerges> MakeBytePairs(Vocabulary vocabulary, PieceTable pieces)
    {
        if ((ModelText("continuing_subword_prefix") ?? ModelText("end_of_word_suffix")) is { } mark)
            throw new UnsupportedModelException("tokenizer model BPE with word marks", "tokenizer.json marks pieces "
                + $"inside or at the end of a word with '{mark}'; Minka knows BPE without such marks.");

        var unknown = ModelText("unk_token") is { } name ? vocabulary.Find(name) : -1;
        if (unknown < 0 && ModelText("unk_token") is { } missing)
            throw new ModelFormatException($"tokenizer.json names '{missing}' as its unk_token; it is no token.");
        var rules = new PieceRules
        {
            IsByteLevel = _isByteLevel,
            IgnoresMerges = ModelFlag("ignore_merges"),
            ByteTokens = ModelFlag("byte_fallback") ? ByteTokens.Find(vocabulary) : null,
            UnknownId = unknown,
            FusesUnknown = ModelFlag("fuse_unk"),
            DropsUnknown = unknown < 0 && !ModelFlag("byte_fallback"),
        };
        var merges = MergeTables.Read(vocabulary, _file.MergeParts, replaces: true);
        return new PieceEncoder<RankedMerges>(pieces, new RankedMerges(merges), rules, vocabulary.Count);
    }
}
