using System.Globalization;
using System.Text;
using Minka.Models.Tokenization.Normalizing;

namespace Minka.Models.Tokenization.Decoding;

/// <summary>A step that changes each token's text by itself.</summary>
internal abstract record EachPieceStep : IPieceStep
{
    /// <inheritdoc/>
    public IPieceSink Begin(IPieceSink next, bool continues) => new Sink(this, next, !continues);

    /// <inheritdoc/>
    public string Alone(string piece) => Change(piece, isFirst: false);

    /// <summary>Changes one text.</summary>
    protected abstract string Change(string piece, bool isFirst);

    private sealed class Sink(EachPieceStep step, IPieceSink next, bool isFirst) : IPieceSink
    {
        private bool _isFirst = isFirst;

        public void Push(string piece)
        {
            next.Push(step.Change(piece, _isFirst));
            _isFirst = false;
        }

        public void Finish() => next.Finish();
    }
}

/// <summary>Replaces in each token's text.</summary>
internal sealed record ReplacePiece(INormalizer Replacement) : EachPieceStep
{
    /// <inheritdoc/>
    protected override string Change(string piece, bool isFirst) => Replacement.Normalize(piece);
}

/// <summary>SentencePiece's space letters become spaces; those of the first token may vanish.</summary>
internal sealed record MetaspacePiece(char Replacement, bool DropsFirst) : EachPieceStep
{
    /// <inheritdoc/>
    protected override string Change(string piece, bool isFirst) => isFirst && DropsFirst
        ? piece.Replace(Replacement.ToString(), "", StringComparison.Ordinal)
        : piece.Replace(Replacement, ' ');
}

/// <summary>Takes a letter off the ends of each token's text.</summary>
internal sealed record StripPiece(char Content, int Start, int Stop) : EachPieceStep
{
    /// <inheritdoc/>
    protected override string Change(string piece, bool isFirst)
    {
        var (from, to) = (0, piece.Length);
        while (from < Math.Min(Start, piece.Length) && piece[from] == Content) from++;
        while (to > from && piece.Length - to < Stop && piece[to - 1] == Content) to--;
        return piece[from..to];
    }
}

/// <summary>Runs of byte tokens (<c>&lt;0x0A&gt;</c>) become text; U+FFFD for each when a run is not UTF-8.</summary>
/// <remarks>Whether a run is UTF-8 is known only where it ends, so a stream waits for that.</remarks>
internal sealed record ByteFallbackPiece : IPieceStep
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <inheritdoc/>
    public IPieceSink Begin(IPieceSink next, bool continues) => new Sink(next);

    /// <inheritdoc/>
    public string Alone(string piece) => piece;

    /// <summary>The byte a token names, or -1.</summary>
    public static int ByteOf(ReadOnlySpan<char> piece) =>
        piece.Length == 6 && piece.StartsWith("<0x") && piece[5] == '>'
            && byte.TryParse(piece[3..5], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? value
            : -1;

    private sealed class Sink(IPieceSink next) : IPieceSink
    {
        private readonly List<byte> _run = [];

        public void Push(string piece)
        {
            if (ByteOf(piece) is var value and >= 0)
            {
                _run.Add((byte)value);
                return;
            }
            Flush();
            next.Push(piece);
        }

        public void Finish()
        {
            Flush();
            next.Finish();
        }

        private void Flush()
        {
            if (_run.Count == 0) return;
            try
            {
                next.Push(Strict.GetString([.. _run]));
            }
            catch (DecoderFallbackException)
            {
                for (var i = 0; i < _run.Count; i++) next.Push("\uFFFD");
            }
            _run.Clear();
        }
    }
}

/// <summary>Takes a letter off the ends of the whole text.</summary>
internal sealed record StripText(char Content, int Start, int Stop) : ITextStep
{
    /// <inheritdoc/>
    public ITextSink Begin(ITextSink next, bool continues) => new Sink(next, Content, continues ? 0 : Start, Stop);

    private sealed class Sink(ITextSink next, char content, int start, int stop) : ITextSink
    {
        private int _start = start;
        private int _held;

        public void Write(ReadOnlySpan<char> text)
        {
            while (_start > 0 && text.Length > 0)
            {
                _start = text[0] == content ? _start - 1 : 0;
                if (text[0] != content) break;
                text = text[1..];
            }
            if (text.Length == 0) return;

            // Up to `stop` letters at the end so far may be what is taken off.
            var body = text.TrimEnd(content).Length;
            var held = text.Length - body + (body == 0 ? _held : 0);
            if (body > 0) Release(_held);
            next.Write(text[..body]);
            _held = Math.Min(held, stop);
            Release(held - _held);
        }

        public void Finish() => next.Finish();

        private void Release(int count)
        {
            if (count > 0) next.Write(new string(content, count));
        }
    }
}

/// <summary>Replaces in the whole text, which is therefore written only when it is complete.</summary>
internal sealed record ReplaceText(INormalizer Replacement) : ITextStep
{
    /// <inheritdoc/>
    public ITextSink Begin(ITextSink next, bool continues) => new Sink(next, Replacement);

    private sealed class Sink(ITextSink next, INormalizer replacement) : ITextSink
    {
        private readonly StringBuilder _text = new();

        public void Write(ReadOnlySpan<char> text) => _text.Append(text);

        public void Finish()
        {
            next.Write(replacement.Normalize(_text.ToString()));
            next.Finish();
        }
    }
}
