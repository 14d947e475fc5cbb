using System.Text;

namespace Minka.LoadTest.Workloads;

/// <summary>Writes prompts of a wanted length. Pure: the same shape, ruler and seed give the same text.</summary>
/// <param name="ruler">How long words are.</param>
/// <param name="seed">Another seed, other words: no prefix cache helps where none was asked for.</param>
public sealed class PromptWriter(TokenRuler ruler, int seed)
{
    private const long SharedText = -1;

    /// <summary>The text of request <paramref name="index"/>.</summary>
    public string Write(RequestShape shape, int index)
    {
        if (shape.Text is not null) return shape.Text;
        var words = ruler.WordsFor(shape.PromptTokens);
        var text = new StringBuilder(words * 6);
        var written = 0;
        if (shape.SharedTokens > 0)
            written += Append(text, words: Math.Min(words, ruler.WordsFor(shape.SharedTokens)), Source(SharedText));
        var blockWords = Math.Max(1, (int)Math.Round(RequestShape.BlockTokens / ruler.TokensPerWord));
        foreach (var block in shape.Blocks)
            written += Append(text, Math.Min(words - written, blockWords), Source(block));
        Append(text, words - written, new Random(HashCode(seed, index)));
        return text.ToString();
    }

    /// <summary>Equal blocks of one seed are equal text, whatever the request.</summary>
    private Random Source(long block) => new(HashCode(HashCode(seed, (int)(block >> 32)), ~(int)block));

    private int Append(StringBuilder text, int words, Random random)
    {
        for (var i = 0; i < words; i++)
        {
            if (text.Length > 0) text.Append(' ');
            text.Append(ruler.Words[random.Next(ruler.Words.Count)]);
        }
        return Math.Max(0, words);
    }

    /// <summary>The same on every run, which <see cref="System.HashCode"/> is not.</summary>
    private static int HashCode(int a, int b) => unchecked((int)(((uint)a * 2654435761u) ^ ((uint)b * 2246822519u)));
}
