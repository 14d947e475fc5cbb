using System.Diagnostics.CodeAnalysis;
using System.Text;
using Minka.Models.Tokenization.Decoding;

namespace Minka.Models.Tokenization;

/// <summary>Decodes tokens one by one, giving out text as soon as it is certain; for one text on one thread.</summary>
/// <remarks>
/// A character whose bytes are spread over tokens is held until it is whole. All parts together are exactly what
/// <see cref="Tokenizer.Decode"/> gives for all ids.
/// </remarks>
[SuppressMessage("Naming", "CA1711", Justification = "A stream of text is what it is; the house calls it so.")]
public sealed class TextStream
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecial;
    private readonly StringBuilder _text = new();
    private readonly ITokenSink _sink;

    internal TextStream(Tokenizer tokenizer, IDetokenizer detokenizer, bool skipSpecial, bool continues)
    {
        (_tokenizer, _skipSpecial) = (tokenizer, skipSpecial);
        _sink = detokenizer.Begin(_text, continues);
    }

    /// <summary>Takes a token and returns the text that has become certain, maybe none.</summary>
    public string Push(int id)
    {
        if (!_skipSpecial || !_tokenizer.IsSpecial(id)) _sink.Push(id);
        return Drain();
    }

    /// <summary>Ends the text and returns what was held: an unfinished character as U+FFFD.</summary>
    public string Finish()
    {
        _sink.Finish();
        return Drain();
    }

    private string Drain()
    {
        if (_text.Length == 0) return "";
        var text = _text.ToString();
        _text.Clear();
        return text;
    }
}
