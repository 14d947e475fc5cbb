using System.Text;
using Minka.Models.Loading.Gguf;
using Minka.Models.Tokenization.Decoding;
using Minka.Models.Tokenization.Merging;

namespace Minka.Models.Tokenization.Files;

/// <summary>The tokens of a GGUF file with their types.</summary>
internal sealed class GgufTokens
{
    private readonly TokenType[] _types;

    private GgufTokens(string[] texts, TokenType[] types)
    {
        (Texts, _types) = (texts, types);
        Added = [.. Enumerable.Range(0, texts.Length).Where(IsAdded)
            .Select(id => new AddedToken(id, texts[id], types[id] is TokenType.Control or TokenType.Unknown))];
    }

    /// <summary><c>tokenizer.ggml.token_type</c>.</summary>
    private enum TokenType
    {
        Normal = 1,
        Unknown = 2,
        Control = 3,
        UserDefined = 4,
        Unused = 5,
        Byte = 6,
    }

    /// <summary>Texts by id; an empty one has been given a name.</summary>
    public string[] Texts { get; }

    /// <summary>Tokens that are found in text as it stands: control, unknown and user-defined ones.</summary>
    public IReadOnlyList<AddedToken> Added { get; }

    /// <summary>Tokens that text may be merged into.</summary>
    public IEnumerable<int> TextIds => Enumerable.Range(0, Texts.Length)
        .Where(id => _types[id] is not (TokenType.Control or TokenType.Unknown or TokenType.Byte));

    /// <summary>Reads tokens and types.</summary>
    /// <exception cref="ModelFormatException">They are missing, too few or there twice.</exception>
    public static GgufTokens Read(GgufMetadata metadata)
    {
        var texts = metadata.Strings("tokenizer.ggml.tokens")
            ?? throw new ModelFormatException("The GGUF file has no tokenizer.ggml.tokens; a vocabulary is needed.");
        if (texts.Length is 0 or > Vocabulary.IdMax)
            throw new ModelFormatException($"The GGUF file has {texts.Length} tokens; 1 to {Vocabulary.IdMax} are "
                + "possible.");
        var types = metadata.Integers("tokenizer.ggml.token_type");
        if (types is not null && types.Length < texts.Length)
            throw new ModelFormatException($"The GGUF file has {texts.Length} tokens and {types.Length} token types; "
                + "each token needs one.");

        var seen = new Dictionary<string, int>(texts.Length, StringComparer.Ordinal);
        var kinds = new TokenType[texts.Length];
        for (var id = 0; id < texts.Length; id++)
        {
            if (texts[id].Length == 0) texts[id] = $"[EMPTY_{id}]";
            if (!seen.TryAdd(texts[id], id))
                throw new ModelFormatException($"The GGUF file has the token '{texts[id]}' twice, as {seen[texts[id]]} "
                    + $"and {id}; once is needed.");
            kinds[id] = EndTokens.IsControl(texts[id]) ? TokenType.Control
                : types is null ? TokenType.Normal : (TokenType)types[id];
        }
        return new GgufTokens(texts, kinds);
    }

    /// <summary>The vocabulary.</summary>
    /// <param name="bytesOf">What bytes an ordinary token stands for.</param>
    public Vocabulary MakeVocabulary(BytesOfToken bytesOf)
    {
        var texts = new ByteTexts.Builder();
        var bytes = new ByteTexts.Builder();
        for (var id = 0; id < Texts.Length; id++)
        {
            var text = Encoding.UTF8.GetBytes(Texts[id]);
            texts.Add(text);
            if (_types[id] == TokenType.Byte && ByteFallbackPiece.ByteOf(Texts[id]) is var value and >= 0)
                bytes.Add([(byte)value]);
            else bytes.Add(IsAdded(id) ? text : bytesOf(text));
        }
        var special = Added.Where(token => token.IsSpecial).Select(token => token.Id);
        return new Vocabulary(texts.Build(), bytes.Build(), special);
    }

    // Phi-3's special tokens take the white space behind them; GGUF has no place to say so, llama.cpp goes by the name.
    /// <summary>The added tokens of a model of this name.</summary>
    public IReadOnlyList<AddedToken> AddedOf(string modelName)
    {
        var isPhi3 = modelName.Contains("phi-3", StringComparison.OrdinalIgnoreCase)
            || modelName.Contains("phi3", StringComparison.OrdinalIgnoreCase);
        return !isPhi3 ? Added : [.. Added.Select(token =>
            token with { StripsRight = token.Content is not ("<unk>" or "<s>" or "<|endoftext|>") })];
    }

    private bool IsAdded(int id) => Texts[id].Length <= AddedTokens.LengthMax
        && _types[id] is TokenType.Control or TokenType.Unknown or TokenType.UserDefined;
}

/// <summary>What bytes a token stands for.</summary>
internal delegate ReadOnlySpan<byte> BytesOfToken(ReadOnlySpan<byte> token);
