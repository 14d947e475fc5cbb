using System.Buffers;
using System.Text.Json;
using Minka.Models.Tokenization.Merging;

namespace Minka.Models.Tokenization.Files;

/// <summary>The parts of a <c>tokenizer.json</c>, read in one pass; vocabulary and merges stay bytes.</summary>
internal sealed class TokenizerJsonFile
{
    private readonly ByteTexts.Builder _pieces = new();
    private readonly ByteTexts.Builder _mergeParts = new();
    private ByteTexts? _builtPieces;
    private ByteTexts? _builtMergeParts;

    private TokenizerJsonFile() { }

    /// <summary>Everything but the model: <c>normalizer</c>, <c>pre_tokenizer</c>, <c>added_tokens</c>, ….</summary>
    public Dictionary<string, JsonElement> Fields { get; } = [];

    /// <summary>Fields of the model but for its vocabulary and merges.</summary>
    public Dictionary<string, JsonElement> ModelFields { get; } = [];

    /// <summary>Texts of the vocabulary in the file's order.</summary>
    public ByteTexts Pieces => _builtPieces ??= _pieces.Build();

    /// <summary>Id of each text.</summary>
    public List<int> PieceIds { get; } = [];

    /// <summary>Score of each text, in Unigram files.</summary>
    public List<double> PieceScores { get; } = [];

    /// <summary>Left and right half of each merge in turn.</summary>
    public ByteTexts MergeParts => _builtMergeParts ??= _mergeParts.Build();

    /// <summary>Reads a file.</summary>
    /// <exception cref="ModelFormatException">It is no JSON, or not of the expected shape.</exception>
    public static TokenizerJsonFile Read(ReadOnlySpan<byte> json)
    {
        if (json.StartsWith("\uFEFF"u8)) json = json[3..];
        var file = new TokenizerJsonFile();
        try
        {
            var reader = new Utf8JsonReader(json);
            file.ReadFields(ref reader);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new ModelFormatException($"tokenizer.json cannot be read as JSON: {e.Message.TrimEnd('.')}.", e);
        }
        return file;
    }

    private void ReadFields(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, "the file");
        while (NextField(ref reader) is { } name)
        {
            if (name != "model") Fields[name] = JsonElement.ParseValue(ref reader);
            else ReadModel(ref reader);
        }
        if (reader.Read()) throw new JsonException("there is more behind the end");
    }

    private void ReadModel(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("the model is no object");
        while (NextField(ref reader) is { } name)
        {
            if (name == "vocab" && reader.TokenType == JsonTokenType.StartObject) ReadVocabulary(ref reader);
            else if (name == "vocab" && reader.TokenType == JsonTokenType.StartArray) ReadScoredVocabulary(ref reader);
            else if (name == "merges" && reader.TokenType == JsonTokenType.StartArray) ReadMerges(ref reader);
            else ModelFields[name] = JsonElement.ParseValue(ref reader);
        }
    }

    private void ReadVocabulary(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            AddText(ref reader, _pieces);
            reader.Read();
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out var id))
                throw new JsonException($"token {PieceIds.Count} of the vocabulary has no whole number as its id");
            PieceIds.Add(id);
        }
    }

    private void ReadScoredVocabulary(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.StartArray)
        {
            Expect(ref reader, JsonTokenType.String, "a piece of the vocabulary");
            AddText(ref reader, _pieces);
            Expect(ref reader, JsonTokenType.Number, "a score of the vocabulary");
            PieceScores.Add(reader.GetDouble());
            PieceIds.Add(PieceIds.Count);
            Expect(ref reader, JsonTokenType.EndArray, "an entry of the vocabulary");
        }
        if (reader.TokenType != JsonTokenType.EndArray) throw new JsonException("the vocabulary is no list of pairs");
    }

    // Old files write "left right", new ones ["left", "right"].
    private void ReadMerges(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartArray)
            {
                Expect(ref reader, JsonTokenType.String, "the left half of a merge");
                AddText(ref reader, _mergeParts);
                Expect(ref reader, JsonTokenType.String, "the right half of a merge");
                AddText(ref reader, _mergeParts);
                Expect(ref reader, JsonTokenType.EndArray, "a merge");
            }
            else if (reader.TokenType == JsonTokenType.String) AddMergeLine(reader.GetString()!);
            else throw new JsonException("a merge is neither a string nor a pair of strings");
        }
    }

    private void AddMergeLine(string line)
    {
        if (line.StartsWith("#version", StringComparison.Ordinal)) return;
        var halves = line.Split(' ');
        if (halves.Length != 2) throw new JsonException($"the merge '{line}' is not two pieces with a space between");
        foreach (var half in halves) _mergeParts.Add(System.Text.Encoding.UTF8.GetBytes(half));
    }

    private static void AddText(ref Utf8JsonReader reader, ByteTexts.Builder into)
    {
        if (!reader.ValueIsEscaped)
        {
            into.Add(reader.ValueSpan);
            return;
        }
        var buffer = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        into.Add(buffer.AsSpan(0, reader.CopyString(buffer)));
        ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>Goes to the value of the next field of an object; null at its end.</summary>
    private static string? NextField(ref Utf8JsonReader reader)
    {
        if (!reader.Read() || reader.TokenType == JsonTokenType.EndObject) return null;
        var name = reader.GetString()!;
        return reader.Read() ? name : throw new JsonException($"the field '{name}' has no value");
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string what)
    {
        if (!reader.Read() || reader.TokenType != type)
            throw new JsonException($"{what} is {reader.TokenType} where {type} is needed");
    }
}
