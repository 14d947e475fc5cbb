using System.Text;

namespace Minka.Models.Tokenization.Decoding;

/// <summary>Hugging Face's decoders: steps over the texts of tokens, a join, steps over the joined text.</summary>
/// <param name="vocabulary">Knows the texts.</param>
/// <param name="pieceSteps">Applied to each token's text in order.</param>
/// <param name="join">How texts become one.</param>
/// <param name="textSteps">Applied to the whole.</param>
internal sealed class PieceDetokenizer(
    Vocabulary vocabulary, IReadOnlyList<IPieceStep> pieceSteps, PieceJoin join, IReadOnlyList<ITextStep> textSteps)
    : IDetokenizer
{
    /// <inheritdoc/>
    public ITokenSink Begin(StringBuilder into, bool continues)
    {
        ITextSink text = new BuilderSink(into);
        for (var i = textSteps.Count - 1; i >= 0; i--) text = textSteps[i].Begin(text, continues);
        IPieceSink pieces = join == PieceJoin.Bytes ? new ByteJoin(text) : new TextJoin(text, join == PieceJoin.Spaces);
        for (var i = pieceSteps.Count - 1; i >= 0; i--) pieces = pieceSteps[i].Begin(pieces, continues);
        return new Sink(vocabulary, pieces);
    }

    private sealed class Sink(Vocabulary vocabulary, IPieceSink pieces) : ITokenSink
    {
        public void Push(int id)
        {
            if (vocabulary.Has(id)) pieces.Push(vocabulary.TextOf(id));
        }

        public void Finish() => pieces.Finish();
    }

    private sealed class BuilderSink(StringBuilder into) : ITextSink
    {
        public void Write(ReadOnlySpan<char> text) => into.Append(text);

        public void Finish() { }
    }

    private sealed class TextJoin(ITextSink text, bool withSpaces) : IPieceSink
    {
        private bool _isBehindFirst;

        public void Push(string piece)
        {
            if (withSpaces && _isBehindFirst) text.Write(" ");
            _isBehindFirst = true;
            text.Write(piece);
        }

        public void Finish() => text.Finish();
    }

    private sealed class ByteJoin : IPieceSink
    {
        private readonly ITextSink _text;
        private readonly StringBuilder _written = new();
        private readonly Utf8Writer _writer;

        public ByteJoin(ITextSink text) => (_text, _writer) = (text, new Utf8Writer(_written));

        public void Push(string piece)
        {
            _writer.Write(ByteLetters.BytesOf(Encoding.UTF8.GetBytes(piece)));
            Drain();
        }

        public void Finish()
        {
            _writer.Finish();
            Drain();
            _text.Finish();
        }

        private void Drain()
        {
            _text.Write(_written.ToString());
            _written.Clear();
        }
    }
}

/// <summary>How the texts of tokens become one text.</summary>
internal enum PieceJoin
{
    /// <summary>One behind the other.</summary>
    Texts,

    /// <summary>With a space between, as a file without a decoder asks.</summary>
    Spaces,

    /// <summary>As GPT-2's byte letters, read as UTF-8.</summary>
    Bytes,
}

/// <summary>A step over the texts of tokens.</summary>
internal interface IPieceStep
{
    /// <summary>Begins a text; results go to <paramref name="next"/>.</summary>
    IPieceSink Begin(IPieceSink next, bool continues);

    /// <summary>What the step makes of one token by itself, for the bytes it stands for.</summary>
    string Alone(string piece);
}

/// <summary>Takes the texts of tokens.</summary>
internal interface IPieceSink
{
    /// <summary>Takes the next.</summary>
    void Push(string piece);

    /// <summary>There is no more.</summary>
    void Finish();
}

/// <summary>A step over joined text.</summary>
internal interface ITextStep
{
    /// <summary>Begins a text; results go to <paramref name="next"/>.</summary>
    ITextSink Begin(ITextSink next, bool continues);
}

/// <summary>Takes text in parts.</summary>
internal interface ITextSink
{
    /// <summary>Takes the next part.</summary>
    void Write(ReadOnlySpan<char> text);

    /// <summary>There is no more.</summary>
    void Finish();
}
