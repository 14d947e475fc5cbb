namespace Minka.LoadTest.Workloads;

/// <summary>How many tokens the server makes of words, found without a tokenizer of our own.</summary>
/// <param name="Words">To write prompts with.</param>
/// <param name="TokensPerWord">Mean over <paramref name="Words"/>; exactly 1 when the server could be asked.</param>
/// <param name="Overhead">Tokens around the text: BOS, the chat template.</param>
/// <param name="Method">For people: where these numbers come from.</param>
public sealed record TokenRuler(IReadOnlyList<string> Words, double TokensPerWord, double Overhead, string Method)
{
    /// <summary>Without any word of the server: English text in a common vocabulary.</summary>
    public static TokenRuler Assumed { get; } =
        new(WordList.All, 1.3, 0, "assumed 1.3 tokens a word; the server counts nothing");

    /// <summary>Words that become so many tokens with what stands around them; at least one.</summary>
    public int WordsFor(double tokens) => Math.Max(1, (int)Math.Round((tokens - Overhead) / TokensPerWord));
}
