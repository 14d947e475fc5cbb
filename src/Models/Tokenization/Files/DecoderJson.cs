using System.Text;
using System.Text.Json;
using Minka.Models.Loading;
using Minka.Models.Tokenization.Decoding;

namespace Minka.Models.Tokenization.Files;

/// <summary>Reads the field <c>decoder</c> of <c>tokenizer.json</c>.</summary>
internal sealed class DecoderJson
{
    private readonly List<IPieceStep> _pieceSteps = [];
    private readonly List<ITextStep> _textSteps = [];
    private PieceJoin _join = PieceJoin.Texts;
    private bool _isJoined;

    /// <summary>Reads it.</summary>
    public DecoderJson(JsonElement? json)
    {
        if (json is { ValueKind: not JsonValueKind.Null } decoder) Add(decoder);
        else _join = PieceJoin.Spaces;
    }

    /// <summary>Makes the decoder over a vocabulary.</summary>
    public IDetokenizer Make(Vocabulary vocabulary) =>
        _join == PieceJoin.Bytes && _pieceSteps.Count == 0 && _textSteps.Count == 0
            ? new ByteDetokenizer(vocabulary, dropsFirstSpace: false)
            : new PieceDetokenizer(vocabulary, _pieceSteps, _join, _textSteps);

    /// <summary>The bytes a token stands for.</summary>
    public byte[] BytesOf(ReadOnlySpan<byte> token)
    {
        if (_join == PieceJoin.Bytes && _pieceSteps.Count == 0) return ByteLetters.BytesOf(token).ToArray();
        var text = Encoding.UTF8.GetString(token);
        var hasBytes = _pieceSteps.Exists(step => step is ByteFallbackPiece);
        if (hasBytes && ByteFallbackPiece.ByteOf(text) is var value and >= 0) return [(byte)value];
        foreach (var step in _pieceSteps) text = step.Alone(text);
        var bytes = Encoding.UTF8.GetBytes(text);
        return _join == PieceJoin.Bytes ? ByteLetters.BytesOf(bytes).ToArray() : bytes;
    }

    private void Add(JsonElement json)
    {
        var type = json.Type();
        switch (type)
        {
            case "Sequence":
                foreach (var step in json.Items("decoders")) Add(step);
                break;
            case "ByteLevel" when !_isJoined:
                (_join, _isJoined) = (PieceJoin.Bytes, true);
                break;
            case "Fuse":
                _isJoined = true;
                break;
            case "Replace" when _isJoined:
                _textSteps.Add(new ReplaceText(NormalizerJson.ReadReplace(json)));
                break;
            case "Replace":
                _pieceSteps.Add(new ReplacePiece(NormalizerJson.ReadReplace(json)));
                break;
            case "Strip":
                AddStrip(json);
                break;
            case "ByteFallback" when !_isJoined:
                _pieceSteps.Add(new ByteFallbackPiece());
                break;
            case "Metaspace" when !_isJoined:
                _pieceSteps.Add(MetaspaceOf(json));
                break;
            default:
                throw new UnsupportedModelException($"decoder {type}", $"tokenizer.json has a decoder of type '{type}'"
                    + (_isJoined ? " behind the one that joins the text" : "") + ", which Minka does not know; "
                    + "it knows Sequence, ByteLevel, Fuse, Replace, Strip, ByteFallback and Metaspace.");
        }
    }

    private void AddStrip(JsonElement json)
    {
        var content = json.NeededText("content");
        if (content.Length != 1)
            throw new ModelFormatException($"A Strip in tokenizer.json takes off '{content}'; one letter is needed.");
        var (start, stop) = (json.Number("start", 0), json.Number("stop", 0));
        if (start < 0 || stop < 0)
            throw new ModelFormatException($"A Strip in tokenizer.json takes off {start} and {stop} letters; counts of "
                + "0 or more are needed.");
        if (_isJoined) _textSteps.Add(new StripText(content[0], start, stop));
        else _pieceSteps.Add(new StripPiece(content[0], start, stop));
    }

    private static MetaspacePiece MetaspaceOf(JsonElement json)
    {
        var replacement = json.Text("replacement") ?? "▁";
        if (replacement.Length != 1)
            throw new ModelFormatException($"A Metaspace in tokenizer.json replaces spaces by '{replacement}'; one "
                + "letter is needed.");
        var drops = json.Flag("add_prefix_space", true) && SplitJson.Scheme(json) != Splitting.PrependScheme.Never;
        return new MetaspacePiece(replacement[0], drops);
    }
}
