using System.Text.Json;
using Minka.LoadTest.Workloads;

namespace Minka.LoadTest.Client;

/// <summary>
/// Finds how many tokens words are, by asking the server: its <c>/tokenize</c> if it has one, else the prompt lengths
/// that it counts for two small requests.
/// </summary>
/// <param name="client">To ask with.</param>
/// <param name="target">The server.</param>
/// <param name="probe">Sends a text, makes one token, returns the server's count of the prompt; null if it counts none.
/// </param>
internal sealed class WordCalibration(
    OpenAiClient client, LoadTarget target, Func<string, CancellationToken, Task<int?>> probe)
{
    private const int Repeats = 9;
    private const int WordsWanted = 96;
    private const int WordsNeeded = 16;
    private const int ShortProbe = 24;

    /// <summary>Words of the second probe; the next where the one before is too long for the server.</summary>
    private static readonly int[] _longProbes = [216, 72, 36];

    public async Task<TokenRuler> MeasureAsync(CancellationToken cancellation)
    {
        var words = await OneTokenWordsAsync(cancellation);
        if (words.Count >= WordsNeeded)
        {
            var counted = await probe(Text(words, ShortProbe), cancellation);
            return new(words, 1, (counted ?? ShortProbe) - ShortProbe, "the server's /tokenize");
        }
        if (await probe(Text(WordList.All, ShortProbe), cancellation) is { } few)
            foreach (var length in _longProbes)
                if (await TryAsync(length, cancellation) is { } many && many > few)
                {
                    var each = (many - few) / (double)(length - ShortProbe);
                    return new(
                        WordList.All, each, few - each * ShortProbe, "the server's usage of two small requests");
                }
        return TokenRuler.Assumed;
    }

    /// <summary>The server's count of so many words; null if it counts none or takes no prompt so long.</summary>
    private async Task<int?> TryAsync(int words, CancellationToken cancellation)
    {
        try
        {
            return await probe(Text(WordList.All, words), cancellation);
        }
        catch (LoadTestException)
        {
            return null;
        }
    }

    /// <summary>
    /// Words that become one token after a space: nine of them are nine tokens, or a few more where the first, without
    /// a space before it, is cut.
    /// </summary>
    private async Task<IReadOnlyList<string>> OneTokenWordsAsync(CancellationToken cancellation)
    {
        var words = new List<string>();
        foreach (var word in WordList.All)
        {
            var count = await CountAsync(Text([word], Repeats), cancellation);
            if (count is null) return [];
            if (count is >= Repeats and < Repeats + 4) words.Add(word);
            if (words.Count == WordsWanted) break;
        }
        return words;
    }

    /// <summary>Tokens of a text by <c>/tokenize</c>, asked in vLLM's and llama-server's words at once.</summary>
    private async Task<int?> CountAsync(string text, CancellationToken cancellation)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("model", target.Model);
            json.WriteString("prompt", text);
            json.WriteString("content", text);
            json.WriteBoolean("add_special_tokens", false);
            json.WriteEndObject();
        }
        using var answer = await client.AskAsync("tokenize", buffer.ToArray(), cancellation);
        return answer?.RootElement is { ValueKind: JsonValueKind.Object } root
            && root.TryGetProperty("tokens", out var tokens) && tokens.ValueKind == JsonValueKind.Array
            ? tokens.GetArrayLength() : null;
    }

    private static string Text(IReadOnlyList<string> words, int count) =>
        string.Join(' ', Enumerable.Range(0, count).Select(i => words[i % words.Count]));
}
