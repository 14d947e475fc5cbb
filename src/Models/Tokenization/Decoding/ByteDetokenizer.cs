using System.Text;

namespace Minka.Models.Tokenization.Decoding;

/// <summary>Strings the bytes of tokens together and reads them as UTF-8.</summary>
/// <param name="vocabulary">Knows the bytes.</param>
/// <param name="dropsFirstSpace">A text does not begin with the space that encoding puts before it.</param>
internal sealed class ByteDetokenizer(Vocabulary vocabulary, bool dropsFirstSpace) : IDetokenizer
{
    /// <inheritdoc/>
    public ITokenSink Begin(StringBuilder into, bool continues) =>
        new Sink(vocabulary, new Utf8Writer(into), dropsFirstSpace && !continues);

    private sealed class Sink(Vocabulary vocabulary, Utf8Writer writer, bool dropsSpace) : ITokenSink
    {
        private bool _dropsSpace = dropsSpace;

        public void Push(int id)
        {
            var bytes = vocabulary.Bytes[id];
            if (bytes.Length == 0) return;
            if (_dropsSpace && bytes[0] == (byte)' ') bytes = bytes[1..];
            _dropsSpace = false;
            writer.Write(bytes);
        }

        public void Finish() => writer.Finish();
    }
}

/// <summary>Writes UTF-8 as text, keeping the bytes of an unfinished character; wrong bytes become U+FFFD.</summary>
internal sealed class Utf8Writer(StringBuilder into)
{
    private readonly System.Text.Decoder _decoder = Encoding.UTF8.GetDecoder();

    /// <summary>Takes bytes.</summary>
    public void Write(ReadOnlySpan<byte> bytes) => Write(bytes, flush: false);

    /// <summary>Ends the text: an unfinished character becomes U+FFFD.</summary>
    public void Finish() => Write([], flush: true);

    private void Write(ReadOnlySpan<byte> bytes, bool flush)
    {
        Span<char> buffer = stackalloc char[256];
        do
        {
            _decoder.Convert(bytes, buffer, flush, out var used, out var written, out _);
            into.Append(buffer[..written]);
            bytes = bytes[used..];
        } while (bytes.Length > 0);
    }
}
