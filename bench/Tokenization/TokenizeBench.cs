using System.Diagnostics;
using System.Text;
using Minka.Models.Loading.Gguf;
using Minka.Models.Tokenization;

namespace Minka.Bench.Tokenization;

/// <summary>
/// Text into tokens and back on one thread, in MB of UTF-8 per second. Bound by table look-ups: one for a common word,
/// one for each pair that may merge otherwise. The last rows are texts that quadratic tokenizers do not survive.
/// </summary>
internal static class TokenizeBench
{
    private const string Usage =
        """
        usage: tokenize TOKENIZER [TEXT...] [--seconds 1]

          TOKENIZER  tokenizer.json or a GGUF file
          TEXT       files of UTF-8 text
        """;

    private const int HardCharacters = 1_000_000;

    public static int Run(string[] args)
    {
        var files = args.TakeWhile(arg => !arg.StartsWith('-')).ToArray();
        var seconds = args.SkipWhile(arg => arg != "--seconds").ElementAtOrDefault(1) is { } text
            && double.TryParse(text, out var given) ? given : 1;
        if (files.Length == 0)
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }
        var clock = Stopwatch.StartNew();
        var tokenizer = Open(files[0]);
        var milliseconds = clock.ElapsedMilliseconds;
        Console.WriteLine($"{tokenizer.Kind}, {tokenizer.VocabularySize:N0} tokens, read in {milliseconds} ms");
        Console.WriteLine($"{"text",-28} {"MB",6} {"tokens",10} {"encode MB/s",12} {"Mtok/s",7} {"decode Mtok/s",14}");
        foreach (var file in files.Skip(1)) Measure(tokenizer, Path.GetFileName(file), File.ReadAllText(file), seconds);
        foreach (var (name, hard) in HardTexts()) Measure(tokenizer, name, hard, 0);
        return 0;
    }

    private static Tokenizer Open(string path)
    {
        if (path.EndsWith(".json", StringComparison.Ordinal))
            return Tokenizers.FromTokenizerJson(File.ReadAllBytes(path));
        using var file = GgufFile.Open(path);
        return Tokenizers.FromGguf(file.Metadata);
    }

    private static void Measure(Tokenizer tokenizer, string name, string text, double seconds)
    {
        int[] ids = [];
        if (seconds > 0) ids = tokenizer.Encode(text);
        var encode = Time(() => ids = tokenizer.Encode(text), seconds);
        var decode = Time(() => tokenizer.Decode(ids), seconds);
        var megabytes = Encoding.UTF8.GetByteCount(text) / 1e6;
        Console.WriteLine($"{name,-28} {megabytes,6:F2} {ids.Length,10:N0} {megabytes / encode,12:F1} "
            + $"{ids.Length / encode / 1e6,7:F2} {ids.Length / decode / 1e6,14:F1}");
    }

    /// <summary>Seconds of the fastest of several runs.</summary>
    private static double Time(Action action, double seconds)
    {
        var (best, total) = (double.MaxValue, 0.0);
        do
        {
            var clock = Stopwatch.StartNew();
            action();
            best = Math.Min(best, clock.Elapsed.TotalSeconds);
            total += clock.Elapsed.TotalSeconds;
        } while (total < seconds);
        return best;
    }

    private static IEnumerable<(string Name, string Text)> HardTexts()
    {
        var random = new Random(7);
        yield return ("one letter", new string('a', HardCharacters));
        yield return ("letters without a space", Letters(_ => (char)random.Next('a', 'z' + 1)));
        yield return ("spaces", new string(' ', HardCharacters));
        yield return ("spaces, then a letter", new string(' ', HardCharacters) + "a");
        yield return ("digits", Letters(_ => (char)random.Next('0', '9' + 1)));
        yield return ("line ends", new string('\n', HardCharacters));
        yield return ("Chinese without a stop", Letters(_ => (char)random.Next(0x4E00, 0x9FA5)));
        yield return ("punctuation", Letters(i => "!?.,;:-_"[i % 8]));
        yield return ("angle brackets", new string('<', HardCharacters));
    }

    private static string Letters(Func<int, char> letter)
    {
        var text = new char[HardCharacters];
        for (var i = 0; i < text.Length; i++) text[i] = letter(i);
        return new string(text);
    }
}
