using System.Diagnostics;
using System.Globalization;
using System.Text;
using Minka.Engine.Constraints;
using Minka.Engine.Constraints.Masks;

namespace Minka.Bench.Engine;

/// <summary><c>masks</c>: what a constraint costs on a vocabulary of 128 k tokens, the first time and after
/// that.</summary>
internal static class MaskBench
{
    private const int Vocabulary = 128_000;

    private static readonly (string Name, Constraint Constraint)[] Constraints =
    [
        ("JSON object", Constraint.JsonObject),
        ("schema", Constraint.JsonSchema("""
            {"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"},
            "tags":{"type":"array","items":{"type":"string"}}},"required":["name","age"]}
            """)),
        ("regex", Constraint.Regex("[A-Z][a-z]+( [A-Z][a-z]+)*, [0-9]{4}")),
    ];

    public static int Run()
    {
        var random = new Random(1);
        var vocabulary = Of(Vocabulary, random);
        // Once for the compiler of the platform, with a small vocabulary.
        foreach (var (_, constraint) in Constraints)
            Walk(new ConstraintCompiler(Of(2000, random)).Compile(constraint), new float[2000], [], random);
        Console.WriteLine("| constraint | compile ms | first mask of a state, ms: median, most | later ones us |");
        Console.WriteLine("| --- | --: | --: | --: |");
        foreach (var (name, constraint) in Constraints)
        {
            var start = Stopwatch.GetTimestamp();
            var masks = new ConstraintCompiler(vocabulary).Compile(constraint);
            var compile = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            var logits = new float[Vocabulary];
            List<double> first = [], later = [];
            Walk(masks, logits, first, random);
            for (var i = 0; i < 5; i++) Walk(masks, logits, later, random);
            var (median, most) = (Median(first) / 1000, first.Max() / 1000);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {name} | {compile:F1} | {median:F2}, {most:F1} | {Median(later):F0} |"));
        }
        return 0;
    }

    /// <summary>Writes a random text of 60 tokens, and takes the time to find and apply each mask.</summary>
    private static void Walk(GrammarMasks masks, float[] logits, List<double> microseconds, Random random)
    {
        var matcher = new ConstraintMatcher(masks);
        for (var step = 0; step < 60 && !matcher.IsComplete; step++)
        {
            Array.Clear(logits);
            var start = Stopwatch.GetTimestamp();
            matcher.Allowed().Apply(logits);
            microseconds.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            var id = random.Next(logits.Length);
            while (logits[id] != 0) id = (id + 1) % logits.Length;
            matcher.Append(id);
        }
    }

    /// <summary>A vocabulary of so many tokens.</summary>
    public static TokenVocabulary Of(int count, Random random) => new(count, id => Word(id, random));

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>Every byte, then words as a tokenizer has them: a space or not, letters, now and then a sign.</summary>
    private static ReadOnlyMemory<byte> Word(int id, Random random)
    {
        if (id < 256) return new[] { (byte)id };
        var word = new StringBuilder(random.Next(3) > 0 ? " " : "");
        for (var i = random.Next(1, 9); i > 0; i--) word.Append((char)('a' + random.Next(26) * random.Next(26) / 25));
        if (random.Next(12) == 0) word.Append("\",.:}])\n"[random.Next(8)]);
        return Encoding.UTF8.GetBytes(word.ToString());
    }
}
