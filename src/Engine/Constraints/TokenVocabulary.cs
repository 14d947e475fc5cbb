namespace Minka.Engine.Constraints;

/// <summary>The bytes of each token: all that the engine knows of text, and only for constraints.</summary>
public sealed class TokenVocabulary
{
    private readonly Lazy<(byte[][] Bytes, Masks.TokenTrie Trie)> _read;

    /// <summary>Tokens whose bytes are read when the first constraint needs them, once.</summary>
    /// <param name="count">Tokens; ids are below it.</param>
    /// <param name="bytesOf">
    /// The bytes that a token adds to a text that already has some; none for special tokens, which then match no text.
    /// </param>
    public TokenVocabulary(int count, Func<int, ReadOnlyMemory<byte>> bytesOf)
    {
        Count = count;
        _read = new(() =>
        {
            var bytes = new byte[count][];
            for (var id = 0; id < count; id++) bytes[id] = bytesOf(id).ToArray();
            return (bytes, new Masks.TokenTrie(bytes));
        });
    }

    /// <summary>Tokens.</summary>
    public int Count { get; }

    internal Masks.TokenTrie Trie => _read.Value.Trie;

    /// <summary>Reads all tokens now, so that the first constraint need not wait: some tenths of a second.</summary>
    public void Prepare() => _ = _read.Value;

    /// <summary>Bytes of a token.</summary>
    public ReadOnlySpan<byte> BytesOf(int id) => _read.Value.Bytes[id];
}
