using Minka.Compute;
using Minka.Models.Loading;

namespace Minka.Golden;

/// <summary>Tiny models of each family against what transformers computes from them in f32 (golden/hf).</summary>
public sealed class HuggingFaceGoldens
{
    private const string Folder = "golden/hf";
    private const float Tolerance = 1e-4f;

    public static TheoryData<string> Cases() =>
        SharedFolder.Cases(Folder, path => File.Exists(Path.Combine(path, "golden.safetensors")));

    [Theory, MemberData(nameof(Cases))]
    public void Logits_and_hidden_states_are_those_of_transformers(string name)
    {
        var (path, golden) = Open(name);
        var prompt = golden.Ids("input_ids");
        var hidden = golden.Floats("hidden");
        using var run = Load(name, path, reference: true);
        var width = run.Model.Config.Width;
        var findings = new List<string>();

        run.Model.Probe = (layer, actual) =>
        {
            var expected = hidden.AsSpan(layer * prompt.Length * width, prompt.Length * width);
            var distance = Closeness.Distance(actual, expected);
            if (distance > Tolerance * Closeness.Scale(expected))
                findings.Add($"hidden[{layer}] is off by {distance}.");
        };
        var logits = run.Run(prompt, 0, prompt.Length);

        var expectedLogits = golden.Floats("logits");
        var off = Closeness.Distance(logits, expectedLogits);
        if (off > Tolerance * Closeness.Scale(expectedLogits)) findings.Add($"logits are off by {off}.");
        Assert.True(findings.Count == 0, string.Join('\n', findings));
    }

    [Theory, MemberData(nameof(Cases))]
    public void Greedy_ids_are_those_of_transformers(string name)
    {
        var (path, golden) = Open(name);
        using var run = Load(name, path, reference: true);
        var expected = golden.Ids("greedy");

        var actual = run.Greedy(golden.Ids("input_ids"), expected.Length);

        Assert.Equal(expected, actual);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Chunks_give_the_bits_of_the_whole_prompt(string name)
    {
        var (path, golden) = Open(name);
        using var run = Load(name, path, reference: true);
        var prompt = golden.Ids("input_ids");
        var whole = run.Run(prompt, 0, 1).ToArray();

        foreach (var chunk in (ReadOnlySpan<int>)[1, 7, 16])
        {
            var logits = ReadOnlySpan<float>.Empty;
            for (var start = 0; start < prompt.Length; start += chunk)
                logits = run.Run(prompt.AsSpan(start, Math.Min(chunk, prompt.Length - start)), start, 1, prompt.Length);

            Assert.True(whole.AsSpan().SequenceEqual(logits), $"Chunks of {chunk} change the logits.");
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Default_arithmetic_stays_close(string name)
    {
        var (path, golden) = Open(name);
        var prompt = golden.Ids("input_ids");
        var expected = golden.Floats("logits");
        using var run = Load(name, path, reference: false);

        var logits = run.Run(prompt, 0, prompt.Length);

        // Rounding turns a near tie of two experts now and then, and that token goes elsewhere: most rows are held.
        var cosines = Cosines(logits, expected, run.Vocabulary);
        var worst = cosines[run.Model.Config.Experts.Count > 0 ? cosines.Length / 4 : 0];
        Assert.True(worst > 0.999, $"The worst of {cosines.Length} rows that counts has a cosine of {worst}.");
    }

    [Theory, MemberData(nameof(Cases))]
    public void Quantised_on_load_stays_close(string name)
    {
        var (path, golden) = Open(name);
        var prompt = golden.Ids("input_ids");
        var expected = golden.Floats("logits");
        using var run = Load(name, path, reference: false, DType.Q8_0);

        var logits = run.Run(prompt, 0, prompt.Length);

        var cosines = Cosines(logits, expected, run.Vocabulary);
        var typical = run.Model.Config.Experts.Count > 0 ? cosines[cosines.Length / 2] : cosines.Average();
        Assert.True(typical > 0.998, $"The cosine over {cosines.Length} rows is {typical}.");
    }

    /// <summary>Of each row, ascending.</summary>
    private static double[] Cosines(ReadOnlySpan<float> logits, ReadOnlySpan<float> expected, int width)
    {
        var cosines = new double[expected.Length / width];
        for (var row = 0; row < cosines.Length; row++)
            cosines[row] = Closeness.Cosine(logits.Slice(row * width, width), expected.Slice(row * width, width));
        Array.Sort(cosines);
        return cosines;
    }

    private static (string Path, GoldenTensors Golden) Open(string name)
    {
        var path = SharedFolder.Require(Folder, name);
        return (path, new(Path.Combine(path, "golden.safetensors")));
    }

    private static GoldenRun Load(string name, string path, bool reference, DType? weightType = null)
    {
        try
        {
            return new(path, reference, weightType);
        }
        catch (UnsupportedModelException exception)
        {
            Assert.Skip($"{name}: {exception.Message}");
            throw;
        }
    }
}
