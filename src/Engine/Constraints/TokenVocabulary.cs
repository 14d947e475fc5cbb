namespace Minka.Engine.Constraints;

/// <summary>The bytes of each token: all that the engine knows of text, and only for constraints.</summary>
public sealed class TokenVocabulary
{
    private readonly byte[][] _bytes;

    /// <summary>Reads every token's bytes once.</summary>
    /// <param name="count">Tokens; ids are below it.</param>
    /// <param name="bytesOf">
    /// The bytes that a token adds to a text that already has some; none for special tokens, which then match no text.
    /// </param>
    public TokenVocabulary(int count, Func<int, ReadOnlyMemory<byte>> bytesOf)
    {
        _bytes = new byte[count][];
        for (var id = 0; id < count; id++) _bytes[id] = bytesOf(id).ToArray();
        Trie = new Masks.TokenTrie(_bytes);
    }

    /// <summary>Tokens.</summary>
    public int Count => _bytes.Length;

    internal Masks.TokenTrie Trie { get; }

    /// <summary>Bytes of a token.</summary>
    public ReadOnlySpan<byte> BytesOf(int id) => _bytes[id];
}
